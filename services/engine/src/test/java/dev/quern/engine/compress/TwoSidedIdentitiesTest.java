package dev.quern.engine.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.GroupFit;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.method.gptq.GptqSweep;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The theorems of docs/algorithms.md, two-sided rounding, in float64, on awkward shapes; the last seed of each is new
 * in every run.
 */
class TwoSidedIdentitiesTest {
    private static final double DAMPING = 0.01;

    /** rows, columns, group size, symmetric, bits, seed. */
    static Stream<Arguments> problems() {
        return Stream.of(
                Arguments.of(1, 1, 1, true, 4, 1L),
                Arguments.of(1, 24, 8, true, 4, 2L),
                Arguments.of(7, 3, 3, false, 4, 3L),
                Arguments.of(12, 12, 4, true, 3, 4L),
                Arguments.of(70, 39, 13, false, 2, 5L),
                Arguments.of(9, 260, 52, true, 8, 6L),
                Arguments.of(33, 48, 16, true, 4, Lab.freshSeed()));
    }

    private static final class Result {
        private final double[][] codes;
        private final double[][] errors;
        private final double loss;

        /** @param loss the sweep's own account */
        Result(double[][] codes, double[][] errors, double loss) {
            this.codes = codes;
            this.errors = errors;
            this.loss = loss;
        }
    }

    /** A problem with one grid for all of its rounding. */
    private static final class Problem {
        private final Lab lab;
        private final double[][] w;
        private final double[][] inner;
        private final double[][] outer;
        private final GridCodes grid;

        private Problem(Lab lab, double[][] w, double[][] inner, double[][] outer, GridCodes grid) {
            this.lab = lab;
            this.w = w;
            this.inner = inner;
            this.outer = outer;
            this.grid = grid;
        }

        static Problem of(Lab lab, int m, int n, GridOptions options) {
            double[][] w = lab.gaussian(m, n);
            return of(lab, w, lab.gram(n), lab.gram(m), options);
        }

        static Problem of(Lab lab, double[][] w, double[][] inner, double[][] outer, GridOptions options) {
            GridCodes grid = GridCodes.nearest(lab.backend, lab.scope, lab.tensor(w), options, Cancellation.NEVER);
            return new Problem(lab, w, inner, outer, grid);
        }

        /** The same scale for all weights, without a zero point of its own. */
        Problem onOneScale() {
            for (int r = 0; r < w.length; r++) {
                HostTensor scales = HostTensor.of(grid.scales());
                double[] row = new double[scales.cols()];
                Arrays.fill(row, 0.3);
                scales.setRow(r, row);
            }
            return this;
        }

        Result oneSided() {
            return run(sweep(inner, grid.grid().groupSize()), w);
        }

        Result twoSided() {
            return twoSided(5);
        }

        Result twoSided(int panel) {
            return run(sweep(inner, panel).withOuter(factor(lab, outer)), w);
        }

        /** With grids that are fitted in the sweep. */
        Result fitted(int panel, boolean twoSided) {
            GptqSweep sweep = sweep(inner, panel).withLazyScales();
            return run(twoSided ? sweep.withOuter(factor(lab, outer)) : sweep, w);
        }

        private GptqSweep sweep(double[][] h, int panel) {
            return new GptqSweep(lab.backend, factor(lab, h), grid.grid(), panel, Cancellation.NEVER);
        }

        private Result run(GptqSweep sweep, double[][] weights) {
            int m = weights.length;
            int n = weights[0].length;
            Tensor codes = lab.scope.allocate(DType.U8, m, n);
            Tensor errors = lab.scope.allocate(DType.F64, m, n);
            double loss = sweep.run(lab.tensor(weights), grid.scales(), grid.zeros(), codes, errors);
            return new Result(Lab.array(codes), Lab.array(errors), loss);
        }

        double quantized(int i, int j, double target) {
            int group = j / grid.grid().groupSize();
            double scale = HostTensor.of(grid.scales()).get(i, group);
            int zero = (int) HostTensor.of(grid.zeros()).get(i, group);
            return (GroupFit.code(target, scale, zero, grid.grid().top(), false) - zero) * scale;
        }
    }

    private static DampedFactor factor(Lab lab, double[][] h) {
        return DampedFactor.of(
                        lab.backend, lab.scope, lab.tensor(DType.F64, h), null, mean(h), DAMPING, Cancellation.NEVER)
                .orElseThrow();
    }

    private static double mean(double[][] h) {
        double sum = 0;
        for (int i = 0; i < h.length; i++) {
            sum += h[i][i];
        }
        return sum / h.length;
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void withADiagonalOuterEqualsGptq(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            double[][] w = lab.gaussian(m, n);
            double[][] inner = lab.gram(n);
            double[][] diagonal = new double[m][m];
            for (int i = 0; i < m; i++) {
                diagonal[i][i] = Math.exp(lab.random.nextGaussian());
            }
            for (double[][] outer : new double[][][] {Lab.identity(m, 1), Lab.identity(m, 7), diagonal}) {
                Problem problem = Problem.of(lab, w, inner, outer, Lab.options(bits, group, symmetric));
                assertThat(problem.twoSided().codes).isDeepEqualTo(problem.oneSided().codes);
            }
        }
    }

    /** H multiplies both sides alike, so what holds for columns holds for rows. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void turningWeightsAndSidesTurnsTheCodes(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = Problem.of(lab, m, n, Lab.options(bits, n, true)).onOneScale();
            Problem turned = Problem.of(
                            lab,
                            turned(problem.w),
                            /* inner= */ problem.outer,
                            /* outer= */ problem.inner,
                            Lab.options(bits, m, true))
                    .onOneScale();
            assertThat(turned(turned.twoSided().codes)).isDeepEqualTo(problem.twoSided().codes);
        }
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void withADiagonalInnerIsGptqOnTheTurnedWeights(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            double[][] w = lab.gaussian(m, n);
            double[][] outer = lab.gram(m);
            Problem problem = Problem.of(lab, w, Lab.identity(n, 3), outer, Lab.options(bits, n, true))
                    .onOneScale();
            Problem turned = Problem.of(lab, turned(w), outer, Lab.identity(n, 1), Lab.options(bits, m, true))
                    .onOneScale();
            assertThat(turned(turned.oneSided().codes)).isDeepEqualTo(problem.twoSided().codes);
        }
    }

    /** E V = C - Q on the inner side, and Vᵀ of that on the outer: the read-out is the quadratic form itself. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void theLossIsTheTwoSidedFormOfTheError(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = Problem.of(lab, m, n, Lab.options(bits, group, symmetric));
            Result result = problem.twoSided();
            double[][] inner = Lab.damped(problem.inner, DAMPING);
            double[][] outer = Lab.damped(problem.outer, DAMPING);
            double expected = Oracle.twoSided(outer, result.errors, inner);
            assertThat(result.loss).isCloseTo(expected, within(1e-10 * expected));
        }
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void theWidthOfPanelsChangesNoCode(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = Problem.of(lab, m, n, Lab.options(bits, group, symmetric));
            double[][] expected = problem.twoSided(n).codes;
            for (int panel : new int[] {1, 32, 128}) {
                assertThat(problem.twoSided(panel).codes).as("panel " + panel).isDeepEqualTo(expected);
            }
        }
    }

    /** Not symmetric: there a group that begins with its largest weight begins on a tie, whatever the algorithm. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void gridsAreFittedAsInGptqWhateverThePanels(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            GridOptions options = Lab.options(bits, group, false);
            int width = GptqSweep.fitted(options);
            Problem problem = Problem.of(lab, m, n, options);
            double[][] expected = problem.fitted(width, true).codes;
            for (int panel : new int[] {2 * width, 4 * width}) {
                assertThat(problem.fitted(panel, true).codes)
                        .as("panel " + panel)
                        .isDeepEqualTo(expected);
            }
            Problem alone = Problem.of(lab, problem.w, problem.inner, Lab.identity(m, 2), options);
            assertThat(alone.fitted(4 * width, true).codes).isDeepEqualTo(alone.fitted(width, false).codes);
        }
    }

    /**
     * The recurrence of the paper (arXiv 2505.22988), each target from all errors so far, and as what it is: the codes
     * are a fixed point of rounding the weights with the feedback of their own errors.
     */
    @ParameterizedTest(name = "{0} x {1}, group {2}, symmetric {3}, {4} bits, seed {5}")
    @MethodSource("problems")
    void equalsThePublishedRecurrence(int m, int n, int group, boolean symmetric, int bits, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = Problem.of(lab, m, n, Lab.options(bits, group, symmetric));
            double[][] inner = Lab.array(factor(lab, problem.inner).unit());
            double[][] outer = Lab.array(factor(lab, problem.outer).unit());
            double[][] errors = new double[m][n];
            for (int j = 0; j < n; j++) {
                for (int i = 0; i < m; i++) {
                    // errors that are not made yet are zeros, and so is the own one.
                    double target = problem.w[i][j] + feedback(outer, errors, inner, i, j);
                    errors[i][j] = problem.w[i][j] - problem.quantized(i, j, target);
                }
            }
            Result result = problem.twoSided();
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    assertThat(result.errors[i][j]).isEqualTo(errors[i][j]);
                    double[][] own = result.errors;
                    double fixed = problem.w[i][j] + feedback(outer, own, inner, i, j) - own[i][j];
                    assertThat(problem.quantized(i, j, fixed)).isCloseTo(problem.w[i][j] - own[i][j], within(1e-12));
                }
            }
        }
    }

    /** Row i of outerᵀ E inner at column j, over rows up to i and columns up to j. */
    private static double feedback(double[][] outer, double[][] e, double[][] inner, int i, int j) {
        double sum = 0;
        for (int r = 0; r <= i; r++) {
            double row = 0;
            for (int c = 0; c <= j; c++) {
                row += e[r][c] * inner[c][j];
            }
            sum += outer[r][i] * row;
        }
        return sum;
    }

    @ParameterizedTest(name = "{0} x {1}, seed {2}")
    @MethodSource("small")
    void equalsNearestPlaneOnTheKroneckerProduct(int m, int n, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = Problem.of(lab, m, n, Lab.options(4, n, false));
            double[] columns = new double[m * n];
            for (int k = 0; k < columns.length; k++) {
                columns[k] = problem.w[k % m][k / m];
            }
            GridOptions whole = Lab.options(4, m * n, false);
            GroupFit.Fitted fitted = Oracle.fit(columns, whole)[0];
            for (int i = 0; i < m; i++) {
                HostTensor.of(problem.grid.scales()).set(i, 0, fitted.scale());
                HostTensor.of(problem.grid.zeros()).set(i, 0, fitted.zero());
            }
            double[][] kronecker = kronecker(Lab.damped(problem.inner, DAMPING), Lab.damped(problem.outer, DAMPING));
            int[] expected = Oracle.nearestPlane(columns, kronecker, whole);
            double[][] codes = problem.twoSided().codes;
            for (int k = 0; k < columns.length; k++) {
                assertThat(codes[k % m][k / m]).isEqualTo(expected[k]);
            }
        }
    }

    static Stream<Arguments> small() {
        return Stream.of(
                Arguments.of(1, 3, 1L),
                Arguments.of(4, 1, 2L),
                Arguments.of(2, 2, 3L),
                Arguments.of(3, 4, 4L),
                Arguments.of(4, 4, Lab.freshSeed()));
    }

    private static double[][] kronecker(double[][] a, double[][] b) {
        int m = b.length;
        double[][] product = new double[a.length * m][a.length * m];
        for (int i = 0; i < product.length; i++) {
            for (int j = 0; j < product.length; j++) {
                product[i][j] = a[i / m][j / m] * b[i % m][j % m];
            }
        }
        return product;
    }

    private static double[][] turned(double[][] matrix) {
        double[][] result = new double[matrix[0].length][matrix.length];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < result.length; j++) {
                result[j][i] = matrix[i][j];
            }
        }
        return result;
    }
}
