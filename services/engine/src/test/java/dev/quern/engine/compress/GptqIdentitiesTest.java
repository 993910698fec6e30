package dev.quern.engine.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.method.gptq.GptqSweep;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Order;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The theorems of docs/algorithms.md, identities, in float64, on awkward shapes; the last seed of each is new in every
 * run.
 */
class GptqIdentitiesTest {
    /** rows, columns, group size, symmetric, bits, seed. */
    static Stream<Arguments> problems() {
        return Stream.of(
                Arguments.of(1, 1, 1, true, 4, 1L),
                Arguments.of(3, 7, 7, false, 4, 2L),
                Arguments.of(5, 12, 4, true, 3, 3L),
                Arguments.of(9, 130, 13, false, 2, 4L),
                Arguments.of(4, 260, 52, true, 8, 5L),
                Arguments.of(6, 48, 16, true, 4, Lab.freshSeed()));
    }

    /** With H = c I no column can repay another's error, so GPTQ must reduce to plain rounding, code for code. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void withAMultipleOfTheIdentityEqualsNearest(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Recipe.Grid grid = new Recipe.Grid(bits, group, symmetric, Recipe.ClipSearch.MSE);
            double[][] w = lab.gaussian(m, n);
            double[][] h = Lab.identity(n, 7);
            byte[] nearest = Lab.codes(lab.compress(Lab.nearest(grid), w, h));
            for (Order order : Order.values()) {
                assertThat(Lab.codes(lab.compress(Lab.gptq(grid, order, 0.01), w, h)))
                        .as(order.name())
                        .isEqualTo(nearest);
            }
        }
    }

    /** E V = C - Q column by column, so Σ (c-q)² V_jj² is the quadratic form itself, clipped codes included. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void theLossIsTheQuadraticFormOfTheError(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Recipe.Grid grid = new Recipe.Grid(bits, group, symmetric, Recipe.ClipSearch.MSE);
            double[][] w = lab.gaussian(m, n);
            double[][] h = lab.gram(n);
            for (Order order : Order.values()) {
                LinearCompressor.Compressed result = lab.compress(Lab.gptq(grid, order, 0.03), w, h);
                double[][] error = lab.error(w, result.linear());
                double expected = Lab.quadratic(error, Lab.damped(h, 0.03));
                assertThat(result.loss()).isCloseTo(expected, within(1e-10 * expected));
                double relative = Lab.quadratic(error, h) / Lab.quadratic(w, h);
                assertThat(result.figures().relativeError()).isCloseTo(relative, within(1e-10 * relative));
            }
        }
    }

    /** Once columns < a are fixed, the best real-valued rest leaves no gradient: (W - W') H[:, >= a] = 0. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void compensatedWeightsLeaveNoGradient(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            double[][] h = lab.gram(n);
            Tensor w = lab.tensor(lab.gaussian(m, n));
            DampedFactor factor = factor(lab, h, Order.NONE);
            GridOptions grid = Lab.options(bits, n, symmetric);
            int fixed = n / 2;
            Tensor errors = lab.scope.allocate(DType.F64, m, n);
            GridCodes codes = GridCodes.nearest(lab.backend, lab.scope, w, grid, Cancellation.NEVER);
            new GptqSweep(lab.backend, factor, grid, n, Cancellation.NEVER)
                    .run(w, codes.scales(), codes.zeros(), codes.codes(), errors);

            Tensor moved = lab.scope.allocate(DType.F64, m, n - fixed);
            lab.backend.memory().copy(w.cols(fixed, n), moved);
            Tensor feedback = factor.unit().rows(0, fixed).cols(fixed, n);
            lab.backend.linearAlgebra().gemm(Precision.F64, 1, errors.cols(0, fixed), false, feedback, false, 1, moved);
            Tensor rest = factor.unit().rows(fixed, n).cols(fixed, n);
            lab.backend.rounding().compensate(moved, w.cols(fixed, n), rest, moved);

            assertNoGradient(Lab.array(w), Lab.array(errors), Lab.array(moved), Lab.damped(h, 0.01), fixed);
        }
    }

    private static void assertNoGradient(double[][] w, double[][] errors, double[][] moved, double[][] h, int fixed) {
        for (int r = 0; r < w.length; r++) {
            for (int j = fixed; j < h.length; j++) {
                double gradient = 0;
                double scale = 0;
                for (int k = 0; k < h.length; k++) {
                    double error = k < fixed ? errors[r][k] : w[r][k] - moved[r][k - fixed];
                    gradient += error * h[k][j];
                    scale += Math.abs(error * h[k][j]);
                }
                assertThat(Math.abs(gradient)).isLessThanOrEqualTo(1e-11 * scale);
            }
        }
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void theWidthOfPanelsChangesNoCode(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Tensor w = lab.tensor(lab.gaussian(m, n));
            double[][] h = lab.gram(n);
            DampedFactor factor = factor(lab, h, Order.STATIC);
            GridOptions grid = Lab.options(bits, group, symmetric);
            GridCodes codes = GridCodes.nearest(lab.backend, lab.scope, w, grid, Cancellation.NEVER);
            double[][] expected = null;
            for (int panel : new int[] {n, 1, 32, 128}) {
                Tensor out = lab.scope.allocate(DType.U8, m, n);
                Tensor errors = lab.scope.allocate(DType.F64, m, n);
                new GptqSweep(lab.backend, factor, grid, panel, Cancellation.NEVER)
                        .run(w, codes.scales(), codes.zeros(), out, errors);
                expected = expected == null ? Lab.array(out) : expected;
                assertThat(Lab.array(out)).as("panel " + panel).isDeepEqualTo(expected);
            }
        }
    }

    /** The feedback form, the published form with U, and nearest plane are the same algorithm (arXiv 2507.18553). */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void theFeedbackFormEqualsThePublishedLoop(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            double[][] w = lab.gaussian(m, n);
            double[][] h = lab.gram(n);
            GridOptions grid = Lab.options(bits, group, symmetric);
            int[][] codes = sweep(lab, w, h, grid, false);
            // Not symmetric: there a group that begins with its largest weight begins on the tie -7.5, whatever the
            // algorithm.
            GridOptions lazyGrid = Lab.options(bits, group, false);
            int[][] lazy = sweep(lab, w, h, lazyGrid, true);
            double[][] damped = Lab.damped(h, 0.01);
            for (int r = 0; r < m; r++) {
                assertThat(codes[r]).isEqualTo(Oracle.textbook(w[r], damped, grid, false));
                assertThat(lazy[r]).isEqualTo(Oracle.textbook(w[r], damped, lazyGrid, true));
            }
        }
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void onReversedColumnsEqualsLdlqFromRightToLeft(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            double[][] w = lab.gaussian(m, n);
            double[][] h = lab.gram(n);
            int[] reversed = IntStream.range(0, n).map(j -> n - 1 - j).toArray();
            GridOptions grid = Lab.options(bits, group, symmetric);
            int[][] codes = sweep(lab, Lab.permuted(w, reversed, false), Lab.permuted(h, reversed, true), grid, false);
            for (int r = 0; r < m; r++) {
                int[] row = codes[r];
                int[] restored = Arrays.stream(reversed).map(j -> row[j]).toArray();
                assertThat(restored).isEqualTo(Oracle.ldlq(w[r], Lab.damped(h, 0.01), grid));
            }
        }
    }

    @ParameterizedTest(name = "n = {0}, seed {1}")
    @MethodSource("small")
    void equalsNearestPlaneByBruteForce(int n, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            double[][] w = lab.gaussian(5, n);
            double[][] h = lab.gram(n);
            GridOptions grid = Lab.options(4, n, false);
            int[][] codes = sweep(lab, w, h, grid, false);
            for (int r = 0; r < w.length; r++) {
                assertThat(codes[r]).isEqualTo(Oracle.nearestPlane(w[r], Lab.damped(h, 0.01), grid));
            }
        }
    }

    static Stream<Arguments> small() {
        return Stream.of(
                Arguments.of(1, 1L), Arguments.of(2, 2L), Arguments.of(5, 3L), Arguments.of(8, Lab.freshSeed()));
    }

    /** Rounding in the order of the diagonal is: permute the columns, round them plainly, put them back. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void staticOrderIsPermutePlainUnpermute(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Recipe.Grid grid = Lab.grid(bits, 0, symmetric);
            double[][] w = lab.gaussian(m, n);
            double[][] h = lab.gram(n);
            int[] order = IntStream.range(0, n)
                    .boxed()
                    .sorted((a, b) -> Double.compare(h[b][b], h[a][a]))
                    .mapToInt(j -> j)
                    .toArray();
            byte[] codes = Lab.codes(lab.compress(Lab.gptq(grid, Order.STATIC, 0.01), w, h));
            byte[] plain = Lab.codes(lab.compress(
                    Lab.gptq(grid, Order.NONE, 0.01), Lab.permuted(w, order, false), Lab.permuted(h, order, true)));
            byte[] restored = new byte[codes.length];
            for (int i = 0; i < codes.length; i++) {
                restored[i / n * n + order[i % n]] = plain[i];
            }
            assertThat(codes).isEqualTo(restored);
        }
    }

    private static int[][] sweep(Lab lab, double[][] w, double[][] h, GridOptions grid, boolean lazy) {
        Tensor weights = lab.tensor(w);
        DampedFactor factor = factor(lab, h, Order.NONE);
        GridCodes codes = GridCodes.nearest(lab.backend, lab.scope, weights, grid, Cancellation.NEVER);
        Tensor errors = lab.scope.allocate(DType.F64, w.length, h.length);
        GptqSweep sweep = lazy
                ? new GptqSweep(lab.backend, factor, grid, grid.groupSize(), Cancellation.NEVER).withLazyScales()
                : new GptqSweep(lab.backend, factor, grid, 5, Cancellation.NEVER);
        sweep.run(weights, codes.scales(), codes.zeros(), codes.codes(), errors);
        return Arrays.stream(Lab.array(codes.codes()))
                .map(row -> Arrays.stream(row).mapToInt(code -> (int) code).toArray())
                .toArray(int[][]::new);
    }

    private static DampedFactor factor(Lab lab, double[][] h, Order order) {
        Statistics.Inputs statistics = new Statistics.Inputs(HostTensor.of(lab.tensor(DType.F64, h)), 1);
        InputStatistics inputs = InputStatistics.of(lab.backend, lab.scope, statistics, new LinearId("", "w"));
        return DampedFactor.of(lab.backend, lab.scope, inputs, new Recipe.Gptq(order, 0.01), Cancellation.NEVER)
                .orElseThrow();
    }
}
