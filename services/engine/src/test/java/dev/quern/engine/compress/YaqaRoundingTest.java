package dev.quern.engine.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.method.Rounder.Rounded;
import dev.quern.engine.method.yaqa.YaqaRounding;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.LinearFigures.Trial;
import dev.quern.recipes.LinearFigures.TwoSided;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Yaqa;
import dev.quern.recipes.Yaqa.InputFactor;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The choice between one side and both, in float64; the last seed of each is new in every run. */
class YaqaRoundingTest {
    private static final double DAMPING = 0.02;

    /** rows, columns, group size, row order, seed. */
    static Stream<Arguments> problems() {
        return Stream.of(
                Arguments.of(1, 8, 8, Order.STATIC, 1L),
                Arguments.of(33, 24, 8, Order.STATIC, 2L),
                Arguments.of(40, 39, 13, Order.NONE, 3L),
                Arguments.of(4, 600, 600, Order.STATIC, 4L),
                Arguments.of(24, 64, 16, Order.STATIC, Lab.freshSeed()));
    }

    private static Yaqa yaqa(Order order, Double... shrinkage) {
        return new Yaqa(InputFactor.FISHER, DAMPING, List.of(shrinkage), 1, 1, order, 0);
    }

    /** A linear with its sketches. */
    private static final class Problem {
        private final Lab lab;
        private final double[][] w;
        private final int group;
        private final double[][] inner;
        private final double[][] outer;

        private Problem(Lab lab, double[][] w, int group, double[][] inner, double[][] outer) {
            this.lab = lab;
            this.w = w;
            this.group = group;
            this.inner = inner;
            this.outer = outer;
        }

        static Problem of(Lab lab, int m, int n, int group) {
            return new Problem(lab, lab.gaussian(m, n), group, lab.gram(n), lab.gram(m));
        }

        Rounded round(Yaqa yaqa, KroneckerSketch fit, KroneckerSketch heldOut) {
            Tensor weights = lab.tensor(w);
            GridCodes start =
                    GridCodes.nearest(lab.backend, lab.scope, weights, Lab.options(3, group, true), Cancellation.NEVER);
            return new YaqaRounding(lab.backend, yaqa, lab.backend.workingType(), Cancellation.NEVER)
                    .round(lab.scope, new LinearId("layers.0.", "q_proj"), weights, start, fit, heldOut);
        }

        Rounded round(Yaqa yaqa, double[][] heldOut) {
            return round(yaqa, sketch(outer, inner), sketch(heldOut, inner));
        }

        KroneckerSketch sketch(double[][] left, double[][] right) {
            return new KroneckerSketch(lab.tensor(DType.F64, left), lab.tensor(DType.F64, right), 7);
        }

        double[][] error(Rounded rounded) {
            Tensor error = lab.scope.allocate(DType.F64, w.length, w[0].length);
            rounded.codes().error(lab.tensor(w), DType.F64, error);
            return Lab.array(error);
        }
    }

    /** Every order is undone: the loss of the sweep is that of the result in the linear's own order. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, rows {3}, seed {4}")
    @MethodSource("problems")
    void theLossIsThatOfTheResult(int m, int n, int group, Order order, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = Problem.of(lab, m, n, group);
            Rounded rounded = problem.round(yaqa(order, 0.3), problem.outer);
            Double kept = figures(rounded).kept();
            double[][] outer = kept == null ? Lab.identity(m, 1) : shrunk(problem.outer, kept);
            double[][] damped = kept == null ? outer : Lab.damped(outer, DAMPING);
            double expected = Oracle.twoSided(damped, problem.error(rounded), Lab.damped(problem.inner, DAMPING));
            assertThat(Objects.requireNonNull(rounded.loss())).isCloseTo(expected, within(1e-9 * expected));
        }
    }

    /** Without feedback a grid that is fitted in a sweep is the one that is fitted beforehand. */
    @Test
    void gridsFollowTheColumnsThatCount() {
        long seed = System.nanoTime();
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = new Problem(lab, lab.gaussian(6, 32), 8, Lab.identity(32, 1), Lab.identity(6, 1));
            double[] counts = new double[32];
            Arrays.setAll(counts, j -> Math.exp(3 * lab.random.nextGaussian()));
            Tensor importance = lab.tensor(DType.F64, new double[][] {counts});
            Tensor weights = lab.tensor(problem.w);
            GridOptions search = new GridOptions(3, 8, true, true, null);
            GridCodes start =
                    GridCodes.nearest(lab.backend, lab.scope, weights, importance, null, search, Cancellation.NEVER);
            GridCodes alike = GridCodes.nearest(lab.backend, lab.scope, weights, search, Cancellation.NEVER);
            KroneckerSketch sketch = problem.sketch(problem.outer, problem.inner);
            Rounded rounded = new YaqaRounding(lab.backend, yaqa(Order.STATIC, 0.3), DType.F64, Cancellation.NEVER)
                    .round(lab.scope, new LinearId("layers.0.", "q_proj"), weights, start, sketch, sketch);
            assertThat(Lab.array(rounded.codes().scales()))
                    .as("seed %d", seed)
                    .isDeepEqualTo(Lab.array(start.scales()));
            assertThat(Lab.array(alike.scales())).as("seed %d", seed).isNotEqualTo(Lab.array(start.scales()));
        }
    }

    private static double[][] shrunk(double[][] h, double share) {
        double mean = 0;
        for (int i = 0; i < h.length; i++) {
            mean += h[i][i] / h.length;
        }
        double[][] result = new double[h.length][h.length];
        for (int i = 0; i < h.length; i++) {
            for (int j = 0; j < h.length; j++) {
                result[i][j] = (1 - share) * h[i][j] + (i == j ? share * mean : 0);
            }
        }
        return result;
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}, rows {3}, seed {4}")
    @MethodSource("problems")
    void theSmallestErrorOnTheWindowsHeldOutIsKept(int m, int n, int group, Order order, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = Problem.of(lab, m, n, group);
            double[][] heldOut = lab.gram(m);
            Rounded rounded = problem.round(yaqa(order, 0.0, 0.5, 0.9), heldOut);
            TwoSided figures = figures(rounded);
            double kept = Oracle.twoSided(heldOut, problem.error(rounded), problem.inner)
                    / Oracle.twoSided(heldOut, problem.w, problem.inner);
            double smallest = DoubleStream.concat(
                            DoubleStream.of(figures.oneSided()),
                            figures.tried().stream().mapToDouble(Trial::error))
                    .min()
                    .orElseThrow();
            assertThat(figures.tried()).extracting(Trial::shrinkage).containsExactly(0.0, 0.5, 0.9);
            assertThat(kept).isCloseTo(smallest, within(1e-10 * smallest));
        }
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void bothSidesWinWhereTheFactorHoldsAndLoseWhereItMisleads(Order order) {
        try (Lab lab = new Lab(DType.F64, Lab.freshSeed())) {
            Problem problem = Problem.of(lab, 48, 64, 16);
            TwoSided right = figures(problem.round(yaqa(order, 0.0), problem.outer));
            assertThat(right.kept()).isEqualTo(0.0);
            assertThat(right.tried().getFirst().error()).isLessThan(right.oneSided());
            TwoSided wrong = figures(problem.round(yaqa(order, 0.0), Lab.identity(48, 1)));
            assertThat(wrong.kept()).isNull();
            assertThat(wrong.tried().getFirst().error()).isGreaterThan(wrong.oneSided());
        }
    }

    /** Gradients may be of any size. */
    @ParameterizedTest
    @CsvSource({"0x1p-200, 0x1p-230", "0x1p200, 0x1p230", "0x1p-200, 0x1p200"})
    void theSizeOfGradientsChangesNothing(double outer, double inner) {
        try (Lab lab = new Lab(DType.F32, 5)) {
            Problem problem = Problem.of(lab, 24, 32, 8);
            KroneckerSketch usual = sketch(problem);
            KroneckerSketch other = problem.sketch(scaled(problem.outer, outer), scaled(problem.inner, inner));
            Rounded expected = problem.round(yaqa(Order.STATIC, 0.0, 0.5), usual, usual);
            Rounded rounded = problem.round(yaqa(Order.STATIC, 0.0, 0.5), other, other);
            assertThat(Lab.array(rounded.codes().codes()))
                    .isDeepEqualTo(Lab.array(expected.codes().codes()));
            assertThat(figures(rounded).kept()).isEqualTo(figures(expected).kept());
            double error = figures(expected).oneSided();
            assertThat(figures(rounded).oneSided()).isCloseTo(error, within(1e-4 * error));
        }
    }

    private static double[][] scaled(double[][] h, double factor) {
        return Arrays.stream(h)
                .map(row -> Arrays.stream(row).map(value -> value * factor).toArray())
                .toArray(double[][]::new);
    }

    /** All the weight of the identity leaves nothing of the other side. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, rows {3}, seed {4}")
    @MethodSource("problems")
    void aWhollyShrunkFactorGivesTheOneSidedResult(int m, int n, int group, Order order, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = Problem.of(lab, m, n, group);
            TwoSided figures = figures(problem.round(yaqa(order, 1.0), problem.outer));
            assertThat(figures.tried().getFirst().error()).isCloseTo(figures.oneSided(), within(1e-12));
            assertThat(figures.kept()).isNull();
        }
    }

    /** What no gradient reached, neither from its row nor from its column, is rounded to nearest. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, rows {3}, seed {4}")
    @MethodSource("problems")
    void deadRowsAndColumnsTakeNoPart(int m, int n, int group, Order order, long seed) {
        try (Lab lab = new Lab(DType.F64, seed)) {
            Problem problem = Problem.of(lab, m, n, group);
            kill(problem.inner, n / 2);
            kill(problem.outer, m - 1);
            Rounded rounded = problem.round(yaqa(order, 0.0), sketch(problem), sketch(problem));
            double error = problem.error(rounded)[m - 1][n / 2];
            double scale = Lab.array(rounded.codes().scales())[m - 1][n / 2 / group];
            double code = Lab.array(rounded.codes().codes())[m - 1][n / 2];
            boolean clipped = code == 0 || code == 7;
            assertThat(clipped || Math.abs(error) <= 0.5001 * scale)
                    .as("error %s at scale %s", error, scale)
                    .isTrue();
        }
    }

    private static KroneckerSketch sketch(Problem problem) {
        return problem.sketch(problem.outer, problem.inner);
    }

    private static void kill(double[][] h, int place) {
        for (int i = 0; i < h.length; i++) {
            h[i][place] = 0;
            h[place][i] = 0;
        }
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void withoutGradientsItIsRoundedByWhatThereIs(Order order) {
        try (Lab lab = new Lab(DType.F64, 1)) {
            Problem problem = Problem.of(lab, 8, 16, 8);
            KroneckerSketch good = sketch(problem);
            Rounded oneSided = problem.round(yaqa(order, 0.0), problem.sketch(new double[8][8], problem.inner), good);
            assertThat(oneSided.fallback()).isNull();
            assertThat(figures(oneSided).tried()).isEmpty();
            Rounded nearest = problem.round(yaqa(order, 0.0), problem.sketch(problem.outer, new double[16][16]), good);
            assertThat(nearest.fallback()).isEqualTo("no gradient reached this linear");
        }
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void whatIsNotFiniteIsRefusedByName(Order order) {
        try (Lab lab = new Lab(DType.F64, 1)) {
            Problem problem = Problem.of(lab, 8, 16, 8);
            double[][] broken = lab.gram(8);
            broken[3][4] = Double.NaN;
            KroneckerSketch good = sketch(problem);
            KroneckerSketch bad = problem.sketch(broken, problem.inner);
            for (KroneckerSketch[] pair : new KroneckerSketch[][] {{bad, good}, {good, bad}}) {
                assertThatThrownBy(() -> problem.round(yaqa(order, 0.0), pair[0], pair[1]))
                        .isInstanceOfSatisfying(
                                QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NON_FINITE_INPUTS))
                        .hasMessageStartingWith("gradients of layers.0.q_proj: NaN or infinity after 7 windows");
            }
        }
    }

    private static TwoSided figures(Rounded rounded) {
        return Objects.requireNonNull(rounded.twoSided());
    }
}
