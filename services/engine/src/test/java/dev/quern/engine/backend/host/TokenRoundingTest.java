package dev.quern.engine.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.Transformer.TokenGrid;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the grid written out point by point, on fresh random values. */
class TokenRoundingTest {
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    /** Every value goes to the nearest point of the grid that its run spans, the outliers to its ends. */
    @ParameterizedTest(name = "{0} bits, symmetric {1}, clip {2}, {3} runs of {4}")
    @CsvSource({
        "2, true, 1, 3, 1", "4, true, 1, 1, 13", "4, true, 0.9, 5, 64", "3, true, 0.5, 2, 7", "8, true, 1, 2, 129",
        "2, false, 1, 3, 2", "4, false, 0.9, 1, 13", "4, false, 1, 5, 64", "5, false, 0.6, 2, 7", "8, false, 1, 2, 129"
    })
    void everyValueGoesToTheNearestPoint(int bits, boolean symmetric, double clip, int runs, int width) {
        TokenGrid grid = new TokenGrid(width, bits, symmetric, clip);
        for (double shift : new double[] {0, 3, -3}) {
            double[] values = random.doubles((long) runs * width, -1 + shift, 1 + shift)
                    .map(value -> value * value * value)
                    .toArray();
            double[] rounded = values.clone();

            TokenRounding.round(rounded, grid);

            for (int from = 0; from < values.length; from += width) {
                double[] points = points(Arrays.copyOfRange(values, from, from + width), grid);
                double step = points[1] - points[0];
                for (int i = from; i < from + width; i++) {
                    double value = values[i];
                    double nearest = Arrays.stream(points)
                            .boxed()
                            .min((a, b) -> Double.compare(Math.abs(a - value), Math.abs(b - value)))
                            .orElseThrow();
                    // Halfway, either neighbour is nearest.
                    assertThat(Math.abs(rounded[i] - value))
                            .as("seed %d, element %d", seed, i)
                            .isCloseTo(Math.abs(nearest - value), within(1e-12 * step + 1e-15));
                    double result = rounded[i];
                    assertThat(Arrays.stream(points)
                                    .map(point -> Math.abs(point - result))
                                    .min()
                                    .orElseThrow())
                            .isLessThan(1e-9 * step);
                }
            }
        }
    }

    private static double[] points(double[] run, TokenGrid grid) {
        if (grid.symmetric()) {
            int top = (1 << (grid.bits() - 1)) - 1;
            double step = grid.clip() * Arrays.stream(run).map(Math::abs).max().orElseThrow() / top;
            return IntStream.rangeClosed(-top - 1, top)
                    .mapToDouble(code -> code * step)
                    .toArray();
        }
        int top = (1 << grid.bits()) - 1;
        double low = Math.min(0, Arrays.stream(run).min().orElseThrow());
        double high = Math.max(0, Arrays.stream(run).max().orElseThrow());
        double step = grid.clip() * (high - low) / top;
        double zero = Math.rint(-grid.clip() * low / step);
        return IntStream.rangeClosed(0, top)
                .mapToDouble(code -> (code - zero) * step)
                .toArray();
    }

    @Test
    void aRunOfZerosStaysAndOneThatIsNotFiniteBecomesNaN() {
        for (boolean symmetric : new boolean[] {true, false}) {
            double[] values = {0, 0, 0, 1, Double.NaN, 2, 1, Double.POSITIVE_INFINITY, 2, 3, -3, 0};

            TokenRounding.round(values, new TokenGrid(3, 4, symmetric, 1));

            assertThat(Arrays.copyOf(values, 3)).containsOnly(0);
            assertThat(Arrays.copyOfRange(values, 3, 9)).containsOnly(Double.NaN);
            assertThat(values[9]).isCloseTo(3, within(0.3));
            assertThat(values[11]).isZero();
        }
    }

    /** What is on the grid already stays on it. */
    @Test
    void roundingTwiceIsRoundingOnce() {
        for (boolean symmetric : new boolean[] {true, false}) {
            double[] once = random.doubles(96, -1, 1).toArray();
            TokenGrid grid = new TokenGrid(32, 4, symmetric, 1);
            TokenRounding.round(once, grid);
            double[] twice = once.clone();
            TokenRounding.round(twice, grid);

            for (int i = 0; i < once.length; i++) {
                assertThat(twice[i]).as("seed %d", seed).isCloseTo(once[i], within(1e-12));
            }
        }
    }
}
