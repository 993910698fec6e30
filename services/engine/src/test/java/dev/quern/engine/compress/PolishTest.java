package dev.quern.engine.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.DType;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.recipes.Pruning;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Order;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Coordinate descent after GPTQ, in float64, on awkward shapes; the last seed of each is new in every run. */
class PolishTest {
    /** rows, columns, group size, symmetric, bits, seed. */
    static Stream<Arguments> problems() {
        return Stream.of(
                Arguments.of(1, 1, 1, true, 4, 1L),
                Arguments.of(3, 7, 7, false, 4, 2L),
                Arguments.of(5, 12, 4, true, 3, 3L),
                Arguments.of(9, 130, 13, false, 2, 4L),
                Arguments.of(4, 260, 260, true, 3, 5L),
                Arguments.of(4, 390, 130, false, 4, 6L),
                Arguments.of(6, 48, 16, true, 2, Lab.freshSeed()));
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void lowersTheErrorAndSaysWhatItIs(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Recipe.Grid grid = new Recipe.Grid(bits, group, symmetric, Recipe.ClipSearch.MSE);
            double[][] w = lab.gaussian(m, n);
            double[][] h = lab.gram(n);
            double before = lab.compress(polished(grid, null), w, h).loss();
            for (int sweeps = 1; sweeps <= 3; sweeps++) {
                LinearCompressor.Compressed result = lab.compress(polished(grid, sweeps), w, h);
                double expected = Lab.quadratic(lab.error(w, result.linear()), Lab.damped(h, 0.01));
                assertThat(result.loss()).as("%d sweeps", sweeps).isCloseTo(expected, within(1e-9 * expected));
                assertThat(result.loss()).as("%d sweeps", sweeps).isLessThanOrEqualTo(before * (1 + 1e-12));
                before = result.loss();
            }
        }
    }

    /** Where nothing moves any more, no single code has a better neighbour. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void endsWhereNoSingleCodeCanBeImproved(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Recipe.Grid grid = new Recipe.Grid(bits, group, symmetric, Recipe.ClipSearch.MSE);
            double[][] w = lab.gaussian(m, n);
            double[][] h = lab.gram(n);
            LinearCompressor.Compressed last = lab.compress(polished(grid, 10), w, h);
            LinearCompressor.Compressed next = lab.compress(polished(grid, 9), w, h);
            if (!Arrays.equals(Lab.codes(last), Lab.codes(next))) {
                return; // it still moves
            }
            IntegerGrid core = (IntegerGrid) last.linear().core();
            double[][] damped = Lab.damped(h, 0.01);
            double[][] error = lab.error(w, last.linear());
            for (int r = 0; r < m; r++) {
                for (int j = 0; j < n; j++) {
                    double gradient = 0;
                    for (int k = 0; k < n; k++) {
                        gradient += error[r][k] * damped[k][j];
                    }
                    double scale = core.scales()[r * (n / group) + j / group];
                    int code = core.codes()[r * n + j] & 0xFF;
                    for (int step : new int[] {-1, 1}) {
                        if (code + step >= 0 && code + step < 1 << bits) {
                            double by = step * scale;
                            double gain = 2 * by * gradient - by * by * damped[j][j];
                            assertThat(gain).as("row %d, column %d", r, j).isLessThanOrEqualTo(1e-9);
                        }
                    }
                }
            }
        }
    }

    /** With H = c I every code is at its best already, and only scales can move. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void withAMultipleOfTheIdentityEachScaleIsTheLeastSquaresFit(
            int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Recipe.Grid grid = new Recipe.Grid(bits, group, symmetric, Recipe.ClipSearch.MSE);
            double[][] w = lab.gaussian(m, n);
            double[][] h = Lab.identity(n, 3);
            double plain = lab.compress(Lab.nearest(grid), w, h).figures().relativeError();
            double polished = lab.compress(polished(grid, 4), w, h).figures().relativeError();
            assertThat(polished).isLessThanOrEqualTo(plain * (1 + 1e-12));
        }
    }

    /** What a mask pruned stays zero, and the error on the support falls. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void keepsWhatWasPruned(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Recipe.Grid grid = new Recipe.Grid(bits, group, symmetric, Recipe.ClipSearch.MSE);
            double[][] w = lab.gaussian(m, n);
            double[][] h = lab.gram(n);
            Pruning half = new Pruning(Pruning.Score.WANDA, 0.5, null, 0.01);
            LinearCompressor.Compressed plain =
                    lab.compress(polished(grid, null).withMask(half), w, h);
            LinearCompressor.Compressed result = lab.compress(polished(grid, 2).withMask(half), w, h);
            double[][] after = Lab.array(result.linear().decode(lab.backend, lab.scope, DType.F64));
            for (int r = 0; r < m; r++) {
                long zeros = Arrays.stream(after[r]).filter(value -> value == 0).count();
                assertThat(zeros).as("zeros of row %d", r).isGreaterThanOrEqualTo(n / 2);
            }
            double[][] damped = Lab.damped(h, 0.01);
            assertThat(Lab.quadratic(lab.error(w, result.linear()), damped))
                    .isLessThanOrEqualTo(Lab.quadratic(lab.error(w, plain.linear()), damped) * (1 + 1e-9));
        }
    }

    private static Recipe polished(Recipe.Grid grid, Integer sweeps) {
        Recipe.Gptq gptq = new Recipe.Gptq(Order.STATIC, 0.01, sweeps);
        return new Recipe("test", Recipe.Propagation.INDEPENDENT, grid, gptq, true);
    }
}
