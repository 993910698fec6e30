package dev.quern.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.model.LinearSpec;
import dev.quern.recipes.Yaqa.Sketch;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SketchSpecTest {
    private static final List<LinearSpec> LINEARS = List.of(
            new LinearSpec("a", 10, 10, "x"), new LinearSpec("b", 10, 20, "x"), new LinearSpec("c", 30, 10, "y"));
    private static final SketchSpec WINDOWS = new SketchSpec(new Sketch.Windows(), Sides.BOTH);

    private static SketchSpec tokens(int iterations, Sides sides) {
        return new SketchSpec(new Sketch.Tokens(iterations), sides);
    }

    @Test
    void groupsStayWithinTheBudget() {
        assertThat(WINDOWS.groups(LINEARS, 1 << 20)).containsExactly(LINEARS);
        assertThat(WINDOWS.groups(LINEARS, 8 * 700)).containsExactly(LINEARS.subList(0, 2), LINEARS.subList(2, 3));
        assertThat(WINDOWS.groups(LINEARS, 1)).hasSize(3);
    }

    /** A power iteration needs both sides to make one. */
    @Test
    void bytesAreThoseOfTheSumsThatAreHeld() {
        LinearSpec linear = LINEARS.get(1);
        assertThat(WINDOWS.bytes(linear)).isEqualTo(8 * 500);
        assertThat(new SketchSpec(new Sketch.Windows(), Sides.OUTER).bytes(linear))
                .isEqualTo(8 * 100);
        assertThat(tokens(6, Sides.BOTH).bytes(linear)).isEqualTo(8 * 500);
        assertThat(tokens(6, Sides.OUTER).bytes(linear)).isEqualTo(8 * 500);
    }

    /** Outputs are summed in every second pass, so a last one over inputs is of no use to them alone. */
    @ParameterizedTest
    @CsvSource({"2, 2, 2", "3, 3, 2", "6, 6, 6", "7, 7, 6"})
    void everyHalfStepIsAPass(int iterations, int both, int outer) {
        assertThat(tokens(iterations, Sides.BOTH).passes()).isEqualTo(both);
        assertThat(tokens(iterations, Sides.OUTER).passes()).isEqualTo(outer);
        assertThat(WINDOWS.passes()).isEqualTo(1);
    }

    /** By hand: a Gram matrix of inputs; then a product with the other factor, weights of 64 tokens, and a sum. */
    @Test
    void operationsAreThoseOfAllPasses() {
        LinearSpec linear = new LinearSpec("wide", 64, 4096, "x");
        double first = 4096.0 * 4096;
        double weighing = 2.0 * 64 * (64 + 4096);
        double outer = 2.0 * 4096 * 4096 + weighing + 64 * 64;
        double inner = 2.0 * 64 * 64 + weighing + 4096.0 * 4096;
        assertThat(tokens(2, Sides.BOTH).operations(linear, 512)).isEqualTo(512 * (first + outer));
        assertThat(tokens(6, Sides.BOTH).operations(linear, 512)).isEqualTo(512 * (first + 3 * outer + 2 * inner));
        assertThat(tokens(3, Sides.OUTER).operations(linear, 512)).isEqualTo(512 * (first + outer));
        assertThat(WINDOWS.operations(linear, 512)).isEqualTo(KroneckerSums.operations(linear, 512, Sides.BOTH));
    }
}
