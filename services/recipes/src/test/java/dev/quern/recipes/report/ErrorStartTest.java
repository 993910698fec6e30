package dev.quern.recipes.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.report.Report.Linear;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ErrorStartTest {
    @Test
    void theBlockWithTheLargestRiseIsNamedWithItsWorstLinears() {
        ErrorStart start = ErrorStart.of(List.of(text("a.txt", 0.3, 0.02, 0.04, 0.85, 0.9)), linears(4, 2))
                .orElseThrow();

        assertThat(start.sentence())
                .isEqualTo(
                        "a.txt: the error of the hidden states rises most in block 2 (from 4.00 % to 85.0 %), where the"
                                + " largest errors of linears are those of model.layers.2.mlp.down_proj (50.0 %),"
                                + " model.layers.2.self_attn.v_proj (40.0 %) and model.layers.2.mlp.up_proj (20.0 %)");
        assertThat(start.concentrated()).isTrue();
    }

    @Test
    void severalBlocksAreNamedInTheOrderOfTheModel() {
        ErrorStart start = ErrorStart.of(List.of(text("a.txt", 0.3, 0.2, 0.21, 0.45, 0.46, 0.6)), List.of())
                .orElseThrow();

        assertThat(start.sentence())
                .isEqualTo("a.txt: the error of the hidden states rises most in blocks 0 (from 0 % to 20.0 %), 2 (from"
                        + " 21.0 % to 45.0 %) and 4 (from 46.0 % to 60.0 %)");
        assertThat(start.concentrated()).isFalse();
    }

    /** Once nothing is left of the original's states, a later and larger rise starts nothing. */
    @Test
    void whatHappensAfterTheStatesAreLostDoesNotCount() {
        ErrorStart start = ErrorStart.of(List.of(text("a.txt", 9, 0.1, 1.2, 1.3, 40)), linears(4, 3))
                .orElseThrow();

        assertThat(start.rises()).extracting(ErrorStart.Rise::block).containsExactly(1);
    }

    @Test
    void theTextThatIsFurthestFromTheOriginalDecides() {
        Evaluation mild = text("mild.txt", 0.1, 0.1, 0.2);
        Evaluation bad = text("bad.txt", 0.4, 0.3, 0.31);
        Evaluation old = new Evaluation("old.txt", 10, 20, 5, 9, 0.5, 100, 10);

        assertThat(ErrorStart.of(List.of(mild, old, bad), List.of())
                        .orElseThrow()
                        .file())
                .isEqualTo("bad.txt");
        assertThat(ErrorStart.of(List.of(old), List.of())).isEmpty();
    }

    @Test
    void aModelComparedWithItselfHasNoStart() {
        assertThat(ErrorStart.of(List.of(text("a.txt", 0, 0, 0, 0)), linears(3, 1)))
                .isEmpty();
    }

    static Evaluation text(String file, double kl, double... errors) {
        List<Double> list = new ArrayList<>();
        for (double error : errors) {
            list.add(error);
        }
        return new Evaluation(file, 10, 30, kl, 1, 0.5, 100, 10, null, list, null);
    }

    /** One block is worse than all others. */
    static List<Linear> linears(int blocks, int worst) {
        return Stream.iterate(0, block -> block < blocks, block -> block + 1)
                .flatMap(block -> Map.of(
                                "self_attn.q_proj", 0.01,
                                "self_attn.k_proj", 0.01,
                                "self_attn.v_proj", 0.16,
                                "mlp.up_proj", 0.04,
                                "mlp.down_proj", 0.25)
                        .entrySet()
                        .stream()
                        .map(linear -> linear(
                                block, linear.getKey(), block == worst ? linear.getValue() : 0.3 * linear.getValue())))
                .toList();
    }

    private static Linear linear(int block, String name, double error) {
        return new Linear(
                block,
                "model.layers." + block + "." + name,
                256,
                512,
                3,
                128,
                new LinearFigures(error, 1.5 * error, 0.01, 0, null, 0, 0.9),
                1);
    }
}
