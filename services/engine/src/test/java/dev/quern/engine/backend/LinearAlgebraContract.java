package dev.quern.engine.backend;

import static dev.quern.engine.backend.Parity.FLOAT_ULP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.Parity.Both;
import dev.quern.engine.backend.host.HostTensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Products and factorisations as JavaBackend in float64 makes them. */
public abstract class LinearAlgebraContract extends BackendContract {
    private int size() {
        return SIZES[parity.random.nextInt(SIZES.length)];
    }

    @Test
    void multipliesEveryShape() {
        for (int round = 0; round < 60; round++) {
            DType[] operands = {DType.F32, DType.BF16, DType.F16};
            multiply(Precision.F32, operands[round % 3], operands[round / 3 % 3], size(), size(), size());
            multiply(Precision.SPLIT_BF16X3, DType.F32, DType.F32, size(), size(), size());
            multiply(Precision.F64, DType.F64, round % 2 == 0 ? DType.F64 : DType.F32, size(), size(), size());
        }
    }

    @Test
    void multipliesAcrossTiles() {
        multiply(Precision.F32, DType.F32, DType.F32, 1030, 1100, 70);
        multiply(Precision.F32, DType.BF16, DType.BF16, 70, 2100, 300);
        multiply(Precision.F64, DType.F64, DType.F64, 600, 1100, 40);
        for (int round = 0; round < 20; round++) {
            multiply(Precision.F32, DType.F32, DType.F32, 5, 0, 3);
            multiply(Precision.F32, DType.F32, DType.BF16, 5, 3, 0);
            multiply(Precision.F64, DType.F64, DType.F64, 0, 3, 2);
        }
    }

    private void multiply(Precision precision, DType typeA, DType typeB, int m, int n, int k) {
        boolean transposeA = parity.random.nextBoolean();
        boolean transposeB = parity.random.nextBoolean();
        DType typeC = precision == Precision.F64 ? DType.F64 : DType.F32;
        Both a = parity.random(typeA, transposeA ? k : m, transposeA ? m : k, 1);
        Both b = parity.random(typeB, transposeB ? n : k, transposeB ? k : n, 1);
        Both c = parity.random(typeC, m, n, 1);
        double alpha = parity.random.nextInt(4) - 1.5;
        double beta = parity.random.nextInt(2) * 0.5;
        backend.linearAlgebra()
                .gemm(precision, alpha, a.subject(), transposeA, b.subject(), transposeB, beta, c.subject());
        parity.oracle
                .linearAlgebra()
                .gemm(Precision.F64, alpha, a.oracle(), transposeA, b.oracle(), transposeB, beta, c.oracle());
        // Every one of k products and additions of values below 1 is off by at most half a unit in the last place.
        double ulp = typeC == DType.F64 ? 0x1p-53 : FLOAT_ULP;
        String what = "gemm %s %d x %d x %d %s%s".formatted(precision, m, n, k, transposeA, transposeB);
        parity.verify(what, c, 2 * ulp * (k + 4) * Math.max(1, Math.sqrt(k) / 2), 0);
    }

    /**
     * The second part of a value is at most 2^-8 of it and the third 2^-16: 2 * 2^-24 + 2^-32 of Σ |a b| is left out.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 257})
    void threePartsOfBf16ReachThePrecisionOfFloat32(int k) {
        Both a = parity.filled(DType.F32, 13, k, this::ofAnyMagnitude);
        Both b = parity.filled(DType.F32, k, 7, this::ofAnyMagnitude);
        Tensor c = parity.zeros(DType.F32, 13, 7).subject();
        backend.linearAlgebra().gemm(Precision.SPLIT_BF16X3, 1, a.subject(), false, b.subject(), false, 0, c);
        double[][] actual = parity.values(c);
        for (int i = 0; i < 13; i++) {
            for (int j = 0; j < 7; j++) {
                double exact = 0;
                double magnitude = 0;
                for (int l = 0; l < k; l++) {
                    double product = HostTensor.of(a.oracle()).get(i, l)
                            * HostTensor.of(b.oracle()).get(l, j);
                    exact += product;
                    magnitude += Math.abs(product);
                }
                double allowed = splitTolerance(k) * magnitude + FLOAT_ULP * Math.abs(exact);
                assertThat(actual[i][j]).as(parity.seed()).isCloseTo(exact, within(allowed));
            }
        }
    }

    /** The part of Σ |a b| that six products of parts, summed in float32, may be off. */
    protected double splitTolerance(int k) {
        return 0x1p-22 + 6 * k * FLOAT_ULP;
    }

    private double ofAnyMagnitude() {
        return parity.random.nextGaussian() * Math.scalb(1.0, parity.random.nextInt(40) - 20);
    }

    @Test
    void aProductWithBetaZeroDoesNotReadItsTarget() {
        Both a = parity.random(DType.F32, 13, 7, 1);
        Both c = parity.filled(DType.F32, 13, 13, () -> Double.NaN);
        gemm(a, a, c);
        parity.verify("gemm over NaN", c, 20 * FLOAT_ULP, 0);
    }

    @Test
    void nanAndInfinityStayInTheirRow() {
        Both a = parity.random(DType.F32, 129, 257, 1);
        HostTensor.of(a.oracle()).set(5, 200, Double.NaN);
        HostTensor.of(a.oracle()).set(77, 3, Double.POSITIVE_INFINITY);
        Both poisoned = parity.filled(DType.F32, 129, 257, elements(a.oracle()));
        Both b = parity.filled(DType.F32, 65, 257, () -> parity.random.nextDouble() + 0.1);
        Both c = parity.zeros(DType.F32, 129, 65);
        gemm(poisoned, b, c);
        parity.verify("gemm of NaN", c, 1e-3, 0);
    }

    private void gemm(Both a, Both b, Both c) {
        backend.linearAlgebra().gemm(Precision.F32, 1, a.subject(), false, b.subject(), true, 0, c.subject());
        parity.oracle.linearAlgebra().gemm(Precision.F64, 1, a.oracle(), false, b.oracle(), true, 0, c.oracle());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 129, 257, 300, 530})
    void addsGramMatricesToBothTriangles(int n) {
        Both h = parity.zeros(DType.F64, n, n);
        for (DType type : List.of(DType.F32, DType.BF16)) {
            Both x = parity.random(type, n + 5, n, 3);
            parity.run(
                    b -> b.linearAlgebra().addGram(x.subject(), h.subject()),
                    b -> b.linearAlgebra().addGram(x.oracle(), h.oracle()));
        }
        parity.verify("gram " + n, h, 9 * 2 * (n + 5) * FLOAT_ULP * Math.sqrt(n + 5), 0);
        double[][] values = parity.values(h.subject());
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                assertThat(values[i][j]).isEqualTo(values[j][i]);
            }
        }
    }

    /** {@code xᵀ (g gᵀ) x}: symmetric, though neither operand is made of the other. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 129, 257, 300, 530})
    void addsSymmetricProductsToBothTriangles(int n) {
        int tokens = 19;
        Both g = parity.random(DType.F32, tokens, 5, 1);
        Both x = parity.random(DType.F32, tokens, n, 1);
        Both inner = parity.zeros(DType.F32, tokens, tokens);
        Both y = parity.zeros(DType.F32, tokens, n);
        Both h = parity.zeros(DType.F64, n, n);
        Precision exact = Precision.F64;
        LinearAlgebra oracle = parity.oracle.linearAlgebra();
        backend.linearAlgebra().gemm(Precision.F32, 1, g.subject(), false, g.subject(), true, 0, inner.subject());
        backend.linearAlgebra().gemm(Precision.F32, 1, inner.subject(), false, x.subject(), false, 0, y.subject());
        oracle.gemm(exact, 1, g.oracle(), false, g.oracle(), true, 0, inner.oracle());
        oracle.gemm(exact, 1, inner.oracle(), false, x.oracle(), false, 0, y.oracle());
        parity.run(
                b -> b.linearAlgebra().addSymmetric(x.subject(), y.subject(), h.subject()),
                b -> b.linearAlgebra().addSymmetric(x.oracle(), y.oracle(), h.oracle()));
        parity.verify("symmetric product " + n, h, 5 * tokens * tokens * 4 * FLOAT_ULP, 0);
        double[][] values = parity.values(h.subject());
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                assertThat(values[i][j]).isEqualTo(values[j][i]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 127, 256, 257, 700})
    void factorsAndGivesBackTheMatrix(int n) {
        Both x = parity.random(DType.F32, n + 3, n, 1);
        Both h = parity.zeros(DType.F64, n, n);
        parity.run(
                b -> b.linearAlgebra().addGram(x.subject(), h.subject()),
                b -> b.linearAlgebra().addGram(x.oracle(), h.oracle()));
        backend.elementwise().addDiagonal(0.1, h.subject());
        Both v = parity.filled(
                DType.F64, n, n, elements(HostTensor.over(parity.download(h.subject()), DType.F64, n, n)));
        assertThat(backend.linearAlgebra().factorUpper(v.subject())).isTrue();
        assertThat(parity.oracle.linearAlgebra().factorUpper(v.oracle())).isTrue();
        // The condition number is at most about 10 n: rows of V agree to that many units in the last place.
        parity.verify("factor " + n, v, 1e-11 * n, 0);
    }

    @Test
    void aMatrixThatHasNoFactorIsRefused() {
        for (int n : new int[] {1, 8, 300}) {
            for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1, 0}) {
                for (int at : new int[] {0, n / 2, n - 1}) {
                    int[] next = {0};
                    Both h = parity.filled(DType.F64, n, n, () -> {
                        int i = next[0]++;
                        return i % (n + 1) == 0 ? (i / n == at ? bad : 1 + i % 3) : 0;
                    });
                    assertThat(backend.linearAlgebra().factorUpper(h.subject()))
                            .as("%s at %d of %d", bad, at, n)
                            .isFalse();
                }
            }
        }
    }

    /** W has every order around the fast one's steps, alone and with a factor; the factor need not be orthogonal. */
    @Test
    void turnsSegmentsOfRows() {
        for (int order : new int[] {1, 2, 3, 4, 6, 12}) {
            for (int inner = 1; inner <= 256; inner *= 2) {
                turn(DType.F32, order, inner);
            }
            turn(DType.F64, order, 8);
            turn(DType.BF16, order, 32);
        }
    }

    private void turn(DType type, int order, int inner) {
        int n = order * inner;
        Both signs = parity.filled(DType.F32, 1, n, () -> parity.random.nextInt(2) * 2 - 1);
        Both factor = parity.filled(DType.F32, order, order, () -> parity.random.nextInt(2) * 2 - 1);
        Both target = parity.random(type, 3, n * (1 + parity.random.nextInt(2)), 1);
        parity.run(
                subject -> subject.linearAlgebra().hadamard(signs.subject(), factor.subject(), target.subject()),
                oracle -> oracle.linearAlgebra().hadamard(signs.oracle(), factor.oracle(), target.oracle()));
        // Rounded once when stored, beside float64 sums of n values below 1.
        double ulp = type == DType.BF16 ? 0x1p-8 : type == DType.F32 ? FLOAT_ULP : 0;
        parity.verify("hadamard %s %d x %d".formatted(type, order, inner), target, 0x1p-52 * n * Math.sqrt(n), ulp);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64, 255, 300, 520})
    void invertsWhatWasFactored(int n) {
        for (DType type : List.of(DType.F32, DType.F64)) {
            int[] next = {0};
            Both unit = parity.filled(type, n, n, () -> {
                int at = next[0]++;
                double above = parity.random.nextGaussian() / (2 * Math.sqrt(n));
                return at / n == at % n ? 1 : at / n < at % n ? above : 0;
            });
            Both pivots = parity.filled(DType.F64, 1, n, () -> 0.5 + parity.random.nextDouble());
            Both inverse = parity.zeros(type, n, n);
            parity.run(
                    x -> x.linearAlgebra().invertFactored(unit.subject(), pivots.subject(), inverse.subject()),
                    x -> x.linearAlgebra().invertFactored(unit.oracle(), pivots.oracle(), inverse.oracle()));
            parity.verify("inverse " + n, inverse, type == DType.F32 ? 1e-4 : 1e-11, 0);
        }
    }
}
