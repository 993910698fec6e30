package dev.quern.engine.statistics;

import static dev.quern.engine.statistics.Matrices.narrowed;
import static dev.quern.engine.statistics.Matrices.rows;
import static dev.quern.engine.statistics.Matrices.trace;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.model.LinearSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KroneckerSumsTest {
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

    /** The definition, window by window: G_b = gᵀ x, Σ G_b G_bᵀ and Σ G_bᵀ G_b. */
    @ParameterizedTest(name = "{0} x {1}, {2} windows of {3}")
    @CsvSource({"1, 1, 1, 1", "3, 7, 4, 1", "7, 3, 2, 5", "5, 9, 3, 4", "13, 2, 5, 8"})
    void bothRoutesGiveTheSumsOfTheDefinition(int m, int n, int windows, int seqLen) {
        LinearSpec linear = new LinearSpec("linear", m, n, "x");
        Tensor x = random(windows * seqLen, n);
        Tensor g = random(windows * seqLen, m);
        Tensor outer = scope.allocate(DType.F64, m, m);
        Tensor inner = scope.allocate(DType.F64, n, n);
        double squares = 0;
        for (int from = 0; from < x.rows(); from += seqLen) {
            Tensor whole = product(g.rows(from, from + seqLen), true, x.rows(from, from + seqLen), false);
            add(product(whole, false, whole, true), outer);
            add(product(whole, true, whole, false), inner);
            squares += Arrays.stream(rows(whole))
                    .flatMapToDouble(Arrays::stream)
                    .map(e -> e * e)
                    .sum();
        }
        for (SketchRoute route : SketchRoute.values()) {
            try (KroneckerSums sums = new KroneckerSums(backend, List.of(linear), seqLen, Sides.BOTH, route)) {
                sums.record(linear, x, g);
                KroneckerSketch sketch = sums.of(linear);
                assertClose(route + " outer", sketch.outer(), outer);
                assertClose(route + " inner", Objects.requireNonNull(sketch.inner()), inner);
                assertThat(sketch.windows()).isEqualTo(windows);
                assertThat(trace(rows(sketch.outer()))).isCloseTo(squares, within(1e-12 * squares));
                assertThat(trace(rows(sketch.inner()))).isCloseTo(squares, within(1e-12 * squares));
                assertSymmetric(sketch.outer());
                assertSymmetric(sketch.inner());
            }
        }
    }

    /** With windows of one token a sketch is a step of sketch A from the identity: H_O = Σ ‖x‖² g gᵀ. */
    @Test
    void ofSingleTokensIsTheSumOverTokens() {
        LinearSpec linear = new LinearSpec("linear", 4, 6, "x");
        Tensor x = random(10, 6);
        Tensor g = random(10, 4);
        double[][] expected = new double[4][4];
        for (int t = 0; t < 10; t++) {
            double squares =
                    Arrays.stream(HostTensor.of(x).row(t)).map(e -> e * e).sum();
            double[] row = HostTensor.of(g).row(t);
            for (int i = 0; i < 4; i++) {
                for (int j = 0; j < 4; j++) {
                    expected[i][j] += squares * row[i] * row[j];
                }
            }
        }
        try (KroneckerSums sums = new KroneckerSums(backend, List.of(linear), 1, Sides.BOTH)) {
            sums.record(linear, x, g);
            double[][] outer = rows(sums.of(linear).outer());
            for (int i = 0; i < 4; i++) {
                assertThat(outer[i]).containsExactly(expected[i], within(1e-12));
            }
        }
    }

    @Test
    void theOuterSumAloneHasTheSameBits() {
        LinearSpec linear = new LinearSpec("linear", 6, 5, "x");
        Tensor x = random(12, 5);
        Tensor g = random(12, 6);
        for (SketchRoute route : SketchRoute.values()) {
            try (KroneckerSums both = new KroneckerSums(backend, List.of(linear), 4, Sides.BOTH, route);
                    KroneckerSums outer = new KroneckerSums(backend, List.of(linear), 4, Sides.OUTER, route)) {
                both.record(linear, x, g);
                outer.record(linear, x, g);
                assertThat(rows(outer.of(linear).outer()))
                        .isDeepEqualTo(rows(both.of(linear).outer()));
                assertThat(outer.of(linear).inner()).isNull();
            }
        }
    }

    @Test
    void otherLinearsPassBy() {
        LinearSpec linear = new LinearSpec("linear", 6, 5, "x");
        try (KroneckerSums sums = new KroneckerSums(backend, List.of(linear), 4, Sides.BOTH)) {
            sums.record(new LinearSpec("other", 6, 5, "x"), random(4, 5), random(4, 6));
            assertThat(sums.of(linear).windows()).isZero();
        }
    }

    /** What each route costs by hand, at shapes of real models. */
    @ParameterizedTest(name = "{0} x {1}, windows of {2}")
    @CsvSource({
        "576, 576, 512, DIRECT",
        "192, 576, 512, DIRECT",
        "4096, 4096, 512, GRAM",
        "14336, 4096, 2048, GRAM",
        "4096, 14336, 2048, GRAM",
        "64, 64, 2048, DIRECT",
        "2048, 2048, 1, GRAM"
    })
    void theCheaperRouteIsTaken(int m, int n, int tokens, SketchRoute expected) {
        assertThat(SketchRoute.of(m, n, tokens)).isEqualTo(expected);
    }

    @Test
    void operationsAreThoseOfTheCheaperRouteOfEachFactor() {
        LinearSpec wide = new LinearSpec("wide", 64, 4096, "x");
        double outer = 2.0 * 512 * 64 * 4096 + 64.0 * 64 * 4096;
        double inner = 2.0 * 512 * 512 * (64 + 4096) + 512.0 * 4096 * 4096;
        double direct = 2.0 * 512 * 64 * 4096 + 4096.0 * 4096 * 64;
        assertThat(direct).isLessThan(inner);
        assertThat(KroneckerSums.operations(wide, 512, Sides.OUTER)).isEqualTo(outer);
        assertThat(KroneckerSums.operations(wide, 512, Sides.BOTH)).isEqualTo(outer + direct);
    }

    /** Float32 keeps the sums to its precision. */
    @ParameterizedTest
    @CsvSource({"DIRECT", "GRAM"})
    void inFloat32(SketchRoute route) {
        LinearSpec linear = new LinearSpec("linear", 9, 17, "x");
        Tensor x = random(24, 17);
        Tensor g = random(24, 9);
        try (ComputeBackend single = new JavaBackend(DType.F32, 1);
                Scope floats = single.memory().scope();
                KroneckerSums narrow = new KroneckerSums(single, List.of(linear), 8, Sides.BOTH, route);
                KroneckerSums wide = new KroneckerSums(backend, List.of(linear), 8, Sides.BOTH, route)) {
            narrow.record(linear, narrowed(single, floats, x), narrowed(single, floats, g));
            wide.record(linear, x, g);
            double[][] expected = rows(wide.of(linear).outer());
            double[][] actual = rows(narrow.of(linear).outer());
            double scale = trace(rows(wide.of(linear).outer()));
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual[i]).containsExactly(expected[i], within(1e-6 * scale));
            }
        }
    }

    private Tensor product(Tensor a, boolean transposeA, Tensor b, boolean transposeB) {
        Tensor c = scope.allocate(DType.F64, transposeA ? a.cols() : a.rows(), transposeB ? b.rows() : b.cols());
        backend.linearAlgebra().gemm(Precision.F64, 1, a, transposeA, b, transposeB, 0, c);
        return c;
    }

    private void add(Tensor addend, Tensor sum) {
        backend.elementwise().add(sum, addend, sum);
    }

    private void assertClose(String what, Tensor actual, Tensor expected) {
        double scale = backend.elementwise().maxAbs(expected);
        double[][] values = rows(actual);
        double[][] wanted = rows(expected);
        for (int i = 0; i < wanted.length; i++) {
            assertThat(values[i]).as("%s, seed %d", what, seed).containsExactly(wanted[i], within(1e-12 * scale));
        }
    }

    private static void assertSymmetric(Tensor matrix) {
        double[][] values = rows(matrix);
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < i; j++) {
                assertThat(values[i][j]).isEqualTo(values[j][i]);
            }
        }
    }

    private Tensor random(int rows, int cols) {
        return Matrices.random(scope, random, rows, cols);
    }
}
