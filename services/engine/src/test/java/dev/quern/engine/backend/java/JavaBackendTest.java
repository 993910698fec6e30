package dev.quern.engine.backend.java;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The specification against values worked out by hand and against identities. */
class JavaBackendTest {
    private final JavaBackend backend = new JavaBackend(DType.F64, 2);
    private final Scope scope = backend.memory().scope();

    @AfterEach
    void nothingLeaks() {
        scope.close();
        assertThat(backend.memory().liveBytes()).isZero();
        backend.close();
    }

    @Test
    void multipliesWithTransposesAndFactors() {
        Tensor a = matrix(new double[][] {{1, 2, 3}, {4, 5, 6}});
        Tensor b = matrix(new double[][] {{1, 0, 2}, {0, 1, 1}});
        Tensor c = matrix(new double[][] {{1, 1}, {1, 1}});
        backend.linearAlgebra().gemm(Precision.F64, 2, a, false, b, true, 10, c);
        assertThat(rows(c)).isDeepEqualTo(new double[][] {{24, 20}, {42, 32}});

        Tensor d = scope.allocate(DType.F64, 3, 3);
        backend.linearAlgebra().gemm(Precision.F64, 1, a, true, b, false, 0, d);
        assertThat(rows(d)).isDeepEqualTo(new double[][] {{1, 4, 6}, {2, 5, 9}, {3, 6, 12}});
    }

    @Test
    void withBetaZeroTheTargetIsNotRead() {
        Tensor a = matrix(new double[][] {{2}});
        Tensor c = matrix(new double[][] {{Double.NaN}});
        backend.linearAlgebra().gemm(Precision.F64, 1, a, false, a, false, 0, c);
        assertThat(HostTensor.of(c).get(0, 0)).isEqualTo(4);
    }

    @Test
    void theFactorIsUpperTriangularAndGivesBackTheMatrix() {
        Tensor x = random(40, 17);
        Tensor h = scope.allocate(DType.F64, 17, 17);
        backend.linearAlgebra().addGram(x, h);
        Tensor v = scope.allocate(DType.F64, 17, 17);
        backend.memory().copy(h, v);
        assertThat(backend.linearAlgebra().factorUpper(v)).isTrue();
        assertThat(HostTensor.of(v).get(5, 3)).isZero();
        backend.linearAlgebra().gemm(Precision.F64, -1, v, false, v, true, 1, h);
        assertThat(backend.elementwise().maxAbs(h)).isLessThan(1e-12);
    }

    @Test
    void anIndefiniteOrNonFiniteMatrixIsRefused() {
        assertThat(backend.linearAlgebra().factorUpper(matrix(new double[][] {{1, 2}, {2, 1}})))
                .isFalse();
        assertThat(backend.linearAlgebra().factorUpper(matrix(new double[][] {{1, Double.NaN}, {Double.NaN, 1}})))
                .isFalse();
    }

    @Test
    void oneTokenAttendsToItselfAndTheSecondToBoth() {
        Tensor q = matrix(new double[][] {{1, 0}, {1, 0}});
        Tensor v = matrix(new double[][] {{1, 2}, {3, 4}});
        Tensor out = scope.allocate(DType.F64, 2, 2);
        backend.transformer().attention(q, q, v, 2, 1, 1, 0.5, out);
        assertThat(rows(out)).isDeepEqualTo(new double[][] {{1, 2}, {2, 3}});
    }

    @Test
    void rotatesAQuarterTurn() {
        Tensor x = matrix(new double[][] {{1, 2, 3, 4}});
        backend.transformer().rope(x, 1, 4, matrix(new double[][] {{0, 1}}), matrix(new double[][] {{1, 0}}));
        assertThat(rows(x)).isDeepEqualTo(new double[][] {{-3, 2, 1, 4}});
    }

    @Test
    void normalisesEachHead() {
        Tensor x = matrix(new double[][] {{3, 4, 0, 2}});
        backend.transformer().rmsNorm(x, matrix(new double[][] {{1, 2}}), 0, x);
        assertThat(HostTensor.of(x).get(0, 1)).isCloseTo(8 / Math.sqrt(12.5), within(1e-15));
        assertThat(HostTensor.of(x).get(0, 3)).isCloseTo(2 * Math.sqrt(2), within(1e-15));
    }

    @Test
    void comparesTwoDistributions() {
        Tensor p = matrix(new double[][] {{Math.log(3), 0}, {0, 0}});
        Tensor q = matrix(new double[][] {{0, Math.log(3)}, {700, 700}});
        Tensor labels = scope.allocate(DType.I32, 1, 2);
        HostTensor.of(labels).set(0, 1, -1);
        Tensor figures = scope.allocate(DType.F64, 3, 2);
        Tensor top1 = scope.allocate(DType.U8, 1, 2);
        backend.transformer()
                .divergence(p, q, labels, figures.rows(0, 1), figures.rows(1, 2), figures.rows(2, 3), top1);
        double[][] values = rows(figures);
        assertThat(values[0][0]).isCloseTo(-Math.log(0.75), within(1e-15));
        assertThat(values[1][0]).isCloseTo(-Math.log(0.25), within(1e-15));
        assertThat(values[2][0]).isCloseTo(0.5 * Math.log(3), within(1e-15));
        assertThat(new double[] {values[0][1], values[1][1], values[2][1]}).containsExactly(0, 0, 0);
        assertThat(rows(top1)).isDeepEqualTo(new double[][] {{0, 1}});
    }

    @Test
    void sortsByFallingValueAndThenByIndex() {
        Tensor order = scope.allocate(DType.I32, 1, 4);
        backend.memory().argsortDescending(matrix(new double[][] {{1, 3, 1, 2}}), order);
        assertThat(HostTensor.of(order).ints()).containsExactly(1, 3, 0, 2);
    }

    @Test
    void viewsShareMemory() {
        Tensor x = matrix(new double[][] {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
        backend.elementwise().scale(10, x.rows(1, 3).cols(1, 2));
        assertThat(rows(x)).isDeepEqualTo(new double[][] {{1, 2, 3}, {4, 50, 6}, {7, 80, 9}});
        assertThatThrownBy(() -> x.cols(1, 4)).hasMessage("cols: [1, 4) (expected: within [0, 3))");
    }

    private Tensor matrix(double[][] values) {
        double[] flat = Arrays.stream(values).flatMapToDouble(Arrays::stream).toArray();
        return backend.memory().upload(scope, MemorySegment.ofArray(flat), DType.F64, values.length, values[0].length);
    }

    private Tensor random(int rows, int cols) {
        double[] flat = new Random(1).doubles((long) rows * cols, -1, 1).toArray();
        return backend.memory().upload(scope, MemorySegment.ofArray(flat), DType.F64, rows, cols);
    }

    private static double[][] rows(Tensor tensor) {
        double[][] rows = new double[tensor.rows()][];
        Arrays.setAll(rows, HostTensor.of(tensor)::row);
        return rows;
    }
}
