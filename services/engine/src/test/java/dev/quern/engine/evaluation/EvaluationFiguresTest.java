package dev.quern.engine.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.evaluation.heldout.LinearErrors;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluationFiguresTest {
    private static final LinearErrors NO_LINEARS = new LinearErrors(1);
    private static final StreamErrors NO_STREAM = new StreamErrors(0, 1, 0);

    @Test
    void reducesToMeansInWindowOrder() {
        EvaluationFigures figures = EvaluationFigures.reduce(List.of(
                new TokenFigures(
                        new float[] {1, 2},
                        new float[] {2, 2},
                        new float[] {0.25f, 0.5f},
                        new byte[] {1, 0},
                        NO_LINEARS,
                        NO_STREAM),
                new TokenFigures(
                        new float[] {3}, new float[] {5}, new float[] {0.75f}, new byte[] {1}, NO_LINEARS, NO_STREAM)));

        assertThat(figures.pplOriginal()).isCloseTo(Math.exp(2), within(1e-12));
        assertThat(figures.pplCompressed()).isCloseTo(Math.exp(3), within(1e-12));
        assertThat(figures.klMean()).isEqualTo(0.5);
        assertThat(figures.top1()).isCloseTo(2.0 / 3, within(1e-12));
        assertThat(figures.tokens()).isEqualTo(3);
        assertThat(figures.blockErrors()).isNull();
    }

    @ParameterizedTest(name = "KL 1 .. {0}")
    @CsvSource({"1, 1", "99, 99", "100, 99", "101, 100", "1000, 990"})
    void p99IsTheNearestRank(int tokens, double expected) {
        float[] kl = new float[tokens];
        for (int i = 0; i < tokens; i++) {
            kl[i] = tokens - i;
        }
        TokenFigures figures =
                new TokenFigures(new float[tokens], new float[tokens], kl, new byte[tokens], NO_LINEARS, NO_STREAM);

        assertThat(EvaluationFigures.reduce(List.of(figures)).klP99()).isEqualTo(expected);
    }

    @Test
    void nothingHasNoFigures() {
        assertThatThrownBy(() -> EvaluationFigures.reduce(List.of())).hasMessage("tokens: 0 (expected: at least 1)");
    }

    @Test
    void figuresOfTokensSurviveTheirBytes() {
        TokenFigures figures = new TokenFigures(
                new float[] {1, 2},
                new float[] {3, Float.NaN},
                new float[] {-0f, 1e-30f},
                new byte[] {0, 1},
                NO_LINEARS,
                NO_STREAM);

        byte[] bytes = figures.bytes();
        assertThat(TokenFigures.of(bytes).bytes()).isEqualTo(bytes);
        assertThat(TokenFigures.of(bytes).nllCompressed(0)).isEqualTo(3);
        assertThat(TokenFigures.of(bytes).sameTop1(1)).isTrue();
    }

    @Test
    void otherBytesAreRefused() {
        byte[] bytes =
                new TokenFigures(new float[1], new float[1], new float[1], new byte[1], NO_LINEARS, NO_STREAM).bytes();

        assertThatThrownBy(() -> TokenFigures.of(Arrays.copyOf(bytes, 20)))
                .hasMessageContaining("12 bytes (expected: 1 tokens of 13 bytes)");
        assertThatThrownBy(() -> TokenFigures.of(Arrays.copyOf(bytes, bytes.length - 1)))
                .hasMessageContaining("expected: a sum for each boundary and window");
        assertThatThrownBy(() -> TokenFigures.of(Arrays.copyOf(bytes, bytes.length + 1)))
                .hasMessageContaining("expected: a sum for each boundary and window");
        assertThatThrownBy(() -> TokenFigures.of(new byte[20])).hasMessageContaining("expected: QTF3");
        byte[] older = bytes.clone();
        older[3] = '2';
        assertThatThrownBy(() -> TokenFigures.of(older)).hasMessageContaining("expected: QTF3");
        assertThatThrownBy(() -> TokenFigures.of(new byte[0])).hasMessageContaining("expected: QTF3");
    }
}
