package dev.quern.engine.backend.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Paley's matrices are Hadamard matrices: of 1 and -1, with {@code H Hᵀ = k I}. */
class HadamardFactorsTest {
    @Test
    void rowsAreOrthogonal() {
        for (int n = 4; n <= 512; n += 4) {
            double[][] h = HadamardFactors.of(n).orElse(new double[0][]);
            for (int i = 0; i < h.length; i++) {
                for (int j = 0; j < h.length; j++) {
                    assertThat(Math.abs(h[i][j])).isEqualTo(1);
                    assertThat(dot(h[i], h[j]))
                            .as("order %d, rows %d and %d", n, i, j)
                            .isEqualTo(i == j ? h.length : 0);
                }
            }
        }
    }

    /** Widths of models, and what they leave beside a power of two. */
    @ParameterizedTest
    @CsvSource({"4096, 1", "576, 36", "896, 28", "960, 60", "1152, 36", "1536, 12", "2560, 20", "2880, 180"})
    void theSmallestFactorIsTaken(int size, int order) {
        assertThat(HadamardFactors.of(size))
                .hasValueSatisfying(h -> assertThat(h).hasNumberOfRows(order));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 6, 14, 46, 92, 11008})
    void otherSizesHaveNone(int size) {
        assertThat(HadamardFactors.of(size)).isEmpty();
    }

    private static double dot(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }
}
