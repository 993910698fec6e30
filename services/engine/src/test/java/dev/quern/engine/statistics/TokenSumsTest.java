package dev.quern.engine.statistics;

import static dev.quern.engine.statistics.Matrices.narrowed;
import static dev.quern.engine.statistics.Matrices.rows;
import static dev.quern.engine.statistics.Matrices.trace;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.model.LinearSpec;
import dev.quern.recipes.Yaqa.Sketch;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenSumsTest {
    private static final int SEQ_LEN = 5;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final JavaBackend backend = new JavaBackend(DType.F64, 2);
    private final Scope scope = backend.memory().scope();

    @AfterEach
    void nothingLeaks() {
        scope.close();
        assertThat(backend.memory().liveBytes()).isZero();
        backend.close();
    }

    /** Outputs and inputs as the paper has them, divided by the squared norm of the factor that weighs. */
    private static final class Definition {
        final double[][] outer;
        final double[][] inner;

        private Definition(double[][] outer, double[][] inner) {
            this.outer = outer;
            this.inner = inner;
        }

        static Definition of(double[][] x, double[][] g, int iterations) {
            int m = g[0].length;
            int n = x[0].length;
            double[][] inner = new double[n][n];
            for (double[] input : x) {
                add(1, input, inner);
            }
            double[][] outer = new double[m][m];
            for (int step = 1; step < iterations; step++) {
                if (step % 2 == 1) {
                    outer = weighed(g, x, inner);
                } else {
                    inner = weighed(x, g, outer);
                }
            }
            return new Definition(outer, inner);
        }

        private static double[][] weighed(double[][] a, double[][] c, double[][] h) {
            double norm = Arrays.stream(h)
                    .flatMapToDouble(Arrays::stream)
                    .map(e -> e * e)
                    .sum();
            double[][] sum = new double[a[0].length][a[0].length];
            for (int t = 0; t < a.length; t++) {
                add(quadratic(h, c[t]) / norm, a[t], sum);
            }
            return sum;
        }

        private static void add(double weight, double[] row, double[][] sum) {
            for (int i = 0; i < row.length; i++) {
                for (int j = 0; j < row.length; j++) {
                    sum[i][j] += weight * row[i] * row[j];
                }
            }
        }
    }

    /** Tokens below, at and above the number that is weighed at once, in tiles of which the last is shorter. */
    @ParameterizedTest(name = "{0} x {1}, {2} tokens, {3} iterations")
    @CsvSource({"1, 1, 5, 2", "3, 7, 20, 3", "7, 3, 65, 4", "9, 17, 130, 5", "13, 2, 195, 6", "5, 11, 10, 7"})
    void theSumsAreThoseOfTheDefinition(int m, int n, int tokens, int iterations) {
        LinearSpec linear = new LinearSpec("linear", m, n, "x");
        Tensor x = random(tokens, n);
        Tensor g = random(tokens, m);
        Definition expected = Definition.of(rows(x), rows(g), iterations);
        try (SketchSums sums = summed(backend, linear, iterations, Sides.BOTH, tokens / 2 / SEQ_LEN * SEQ_LEN, x, g)) {
            KroneckerSketch sketch = sums.of(linear);
            assertProportional(sketch.outer(), expected.outer, 1e-12);
            assertProportional(sketch.requireInner(), expected.inner, 1e-12);
            assertThat(sketch.windows()).isEqualTo(tokens / SEQ_LEN);
            assertSymmetricAndPositive(sketch.outer());
            assertSymmetricAndPositive(sketch.requireInner());
        }
    }

    /** Windows of one token: of white inputs, one step of sketch B from the identity is the first of H_O here. */
    @Test
    void ofWhiteInputsTheFirstStepIsTheOneOverWindowsOfOneToken() {
        LinearSpec linear = new LinearSpec("linear", 5, 4, "x");
        double[][] hadamard = {{1, 1, 1, 1}, {1, -1, 1, -1}, {1, 1, -1, -1}, {1, -1, -1, 1}};
        Tensor x = scope.allocate(DType.F64, 20, 4);
        for (int t = 0; t < 20; t++) {
            // Tokens of different lengths, whose outer products sum to a multiple of the identity.
            double size = 1 + t / 4;
            for (int j = 0; j < 4; j++) {
                HostTensor.of(x).set(t, j, size * hadamard[t % 4][j]);
            }
        }
        Tensor g = random(20, 5);
        SketchSpec windows = new SketchSpec(new Sketch.Windows(), Sides.OUTER);
        try (SketchSums ofTokens = summed(backend, linear, 2, Sides.OUTER, 20, x, g);
                SketchSums ofWindows = windows.open(backend, List.of(linear), 1)) {
            ofWindows.begin(0);
            ofWindows.record(linear, x, g);
            double[][] expected = rows(ofWindows.of(linear).outer());
            assertProportional(ofTokens.of(linear).outer(), expected, 1e-12);
        }
    }

    /** The power iteration: each half-step brings the product closer to what it stands for. */
    @Test
    void theAlignmentRisesWithEveryHalfStep() {
        LinearSpec linear = new LinearSpec("linear", 6, 8, "x");
        Tensor x = random(40, 8);
        Tensor g = random(40, 6);
        double before = 0;
        for (int iterations = 2; iterations <= 9; iterations++) {
            try (SketchSums sums = summed(backend, linear, iterations, Sides.BOTH, 40, x, g)) {
                KroneckerSketch sketch = sums.of(linear);
                double alignment = alignment(rows(x), rows(g), sketch);
                assertThat(alignment)
                        .as("%d iterations, seed %d", iterations, seed)
                        .isGreaterThan(before * (1 - 1e-12));
                before = alignment;
            }
        }
    }

    /** {@code <F, H_O ⊗ H_I> / (‖H_O‖ ‖H_I‖)} for F = Σ_t (g gᵀ) ⊗ (x xᵀ). */
    private static double alignment(double[][] x, double[][] g, KroneckerSketch sketch) {
        double[][] outer = rows(sketch.outer());
        double[][] inner = rows(sketch.requireInner());
        double product = 0;
        for (int t = 0; t < x.length; t++) {
            product += quadratic(outer, g[t]) * quadratic(inner, x[t]);
        }
        return product / norm(outer) / norm(inner);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 6})
    void theOuterSumAloneHasTheSameBits(int iterations) {
        LinearSpec linear = new LinearSpec("linear", 6, 5, "x");
        Tensor x = random(15, 5);
        Tensor g = random(15, 6);
        try (SketchSums both = summed(backend, linear, iterations, Sides.BOTH, 10, x, g);
                SketchSums outer = summed(backend, linear, iterations, Sides.OUTER, 10, x, g)) {
            assertThat(rows(outer.of(linear).outer()))
                    .isDeepEqualTo(rows(both.of(linear).outer()));
            assertThat(outer.of(linear).inner()).isNull();
        }
    }

    /** A group of linears is summed as each of them alone. */
    @Test
    void otherLinearsChangeNoBit() {
        LinearSpec linear = new LinearSpec("linear", 6, 5, "x");
        LinearSpec other = new LinearSpec("other", 3, 5, "x");
        Tensor x = random(15, 5);
        Tensor g = random(15, 6);
        try (SketchSums alone = summed(backend, linear, 4, Sides.BOTH, 15, x, g);
                SketchSums together = new TokenSums(backend, List.of(other, linear), SEQ_LEN, Sides.BOTH)) {
            for (int pass = 0; pass < 4; pass++) {
                together.begin(pass);
                together.record(other, x, g.cols(0, 3));
                together.record(linear, x, g);
                together.record(new LinearSpec("third", 6, 5, "x"), x, g);
            }
            assertThat(rows(together.of(linear).outer()))
                    .isDeepEqualTo(rows(alone.of(linear).outer()));
            assertThat(rows(together.of(linear).requireInner()))
                    .isDeepEqualTo(rows(alone.of(linear).requireInner()));
        }
    }

    /** Sums of squares that float32 cannot hold are scaled before they weigh, by powers of two. */
    @ParameterizedTest
    @CsvSource({"1, 1", "1e-18, 1e16", "1e14, 1e-17"})
    void float32HoldsGradientsOfAnySize(double ofInputs, double ofGradients) {
        LinearSpec linear = new LinearSpec("linear", 9, 17, "x");
        Tensor x = random(70, 17);
        Tensor g = random(70, 9);
        Definition expected = Definition.of(rows(x), rows(g), 6);
        backend.elementwise().scale(ofInputs, x);
        backend.elementwise().scale(ofGradients, g);
        try (ComputeBackend single = new JavaBackend(DType.F32, 1);
                Scope floats = single.memory().scope();
                SketchSums sums = summed(
                        single, linear, 6, Sides.BOTH, 35, narrowed(single, floats, x), narrowed(single, floats, g))) {
            KroneckerSketch sketch = sums.of(linear);
            assertProportional(sketch.outer(), expected.outer, 2e-6);
            assertProportional(sketch.requireInner(), expected.inner, 2e-6);
            assertThat(trace(rows(sketch.outer())) / 9).isBetween(1.0, 2.0);
            assertThat(trace(rows(sketch.requireInner())) / 17).isBetween(1.0, 2.0);
        }
    }

    @Test
    void withoutGradientsThereIsNothing() {
        LinearSpec linear = new LinearSpec("linear", 4, 3, "x");
        Tensor x = random(10, 3);
        Tensor zeros = scope.allocate(DType.F64, 10, 4);
        try (SketchSums sums = summed(backend, linear, 4, Sides.BOTH, 10, x, zeros)) {
            assertThat(backend.elementwise().maxAbs(sums.of(linear).outer())).isZero();
            assertThat(backend.elementwise().maxAbs(sums.of(linear).requireInner()))
                    .isZero();
        }
    }

    @Test
    void aNanIsKept() {
        LinearSpec linear = new LinearSpec("linear", 4, 3, "x");
        Tensor x = random(10, 3);
        Tensor g = random(10, 4);
        HostTensor.of(g).set(3, 1, Double.NaN);
        try (SketchSums sums = summed(backend, linear, 6, Sides.BOTH, 10, x, g)) {
            assertThat(backend.elementwise().allFinite(sums.of(linear).outer())).isFalse();
        }
    }

    private static SketchSums summed(
            ComputeBackend backend, LinearSpec linear, int iterations, Sides sides, int tile, Tensor x, Tensor g) {
        SketchSpec spec = new SketchSpec(new Sketch.Tokens(iterations), sides);
        SketchSums sums = spec.open(backend, List.of(linear), SEQ_LEN);
        for (int pass = 0; pass < spec.passes(); pass++) {
            sums.begin(pass);
            for (int from = 0; from < x.rows(); from += Math.max(tile, SEQ_LEN)) {
                int to = Math.min(x.rows(), from + Math.max(tile, SEQ_LEN));
                sums.record(linear, x.rows(from, to), g.rows(from, to));
            }
        }
        return sums;
    }

    private void assertProportional(Tensor actual, double[][] expected, double tolerance) {
        double[][] values = rows(actual);
        double factor = trace(expected) / trace(values);
        double bound = tolerance * trace(expected);
        for (int i = 0; i < expected.length; i++) {
            double[] row = Arrays.stream(values[i]).map(e -> factor * e).toArray();
            assertThat(row).as("row %d, seed %d", i, seed).containsExactly(expected[i], within(bound));
        }
    }

    private void assertSymmetricAndPositive(Tensor matrix) {
        double[][] values = rows(matrix);
        double bound = 1e-12 * trace(values);
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < i; j++) {
                assertThat(values[i][j]).isEqualTo(values[j][i]);
            }
        }
        Tensor copy = scope.allocate(DType.F64, matrix.rows(), matrix.cols());
        backend.memory().copy(matrix, copy);
        backend.elementwise().addDiagonal(bound, copy);
        assertThat(backend.linearAlgebra().factorUpper(copy))
                .as("seed %d", seed)
                .isTrue();
    }

    private static double quadratic(double[][] h, double[] v) {
        double sum = 0;
        for (int i = 0; i < v.length; i++) {
            for (int j = 0; j < v.length; j++) {
                sum += v[i] * h[i][j] * v[j];
            }
        }
        return sum;
    }

    private static double norm(double[][] matrix) {
        return Math.sqrt(Arrays.stream(matrix)
                .flatMapToDouble(Arrays::stream)
                .map(e -> e * e)
                .sum());
    }

    private Tensor random(int rows, int cols) {
        return Matrices.random(scope, random, rows, cols);
    }
}
