package dev.quern.engine.backend.check;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.LinearAlgebra;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Tensor;

/** The arguments of {@link LinearAlgebra}. */
public final class LinearAlgebraChecks {
    private LinearAlgebraChecks() {}

    /** @throws IllegalArgumentException for operands whose shapes or dtypes do not go together */
    public static void gemm(Precision precision, Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c) {
        int inner = transposeA ? a.rows() : a.cols();
        int innerB = transposeB ? b.cols() : b.rows();
        Shapes.check("inner dimension of b", innerB, inner == innerB, String.valueOf(inner));
        Shapes.shape("c", c, transposeA ? a.cols() : a.rows(), transposeB ? b.rows() : b.cols());
        switch (precision) {
            case F32 -> {
                Shapes.dtype("a", a, DType.F32, DType.BF16, DType.F16);
                Shapes.dtype("b", b, DType.F32, DType.BF16, DType.F16);
                Shapes.dtype("c", c, DType.F32);
            }
            case SPLIT_BF16X3 -> {
                Shapes.dtype("a", a, DType.F32);
                Shapes.dtype("b", b, DType.F32);
                Shapes.dtype("c", c, DType.F32);
            }
            case F64 -> {
                Shapes.dtype("a", a, DType.F64, DType.F32, DType.BF16, DType.F16);
                Shapes.dtype("b", b, DType.F64, DType.F32, DType.BF16, DType.F16);
                Shapes.dtype("c", c, DType.F64);
            }
        }
    }

    /** @throws IllegalArgumentException unless h F64 [n, n] goes with x [tokens, n] */
    public static void addGram(Tensor x, Tensor h) {
        Shapes.dtype("h", h, DType.F64);
        Shapes.shape("h", h, x.cols(), x.cols());
    }

    /** @throws IllegalArgumentException unless h F64 [n, n] goes with a and b [tokens, n] */
    public static void addSymmetric(Tensor a, Tensor b, Tensor h) {
        Shapes.same("b", b, a);
        addGram(a, h);
    }

    /** @throws IllegalArgumentException unless h is F64 [n, n] */
    public static void factorUpper(Tensor h) {
        Shapes.dtype("h", h, DType.F64);
        Shapes.square("h", h);
    }

    /** @throws IllegalArgumentException unless the factor goes with the signs, and the signs with target's columns */
    public static void hadamard(Tensor signs, Tensor factor, Tensor target) {
        int n = signs.cols();
        Shapes.shape("signs", signs, 1, n);
        Shapes.square("factor", factor);
        int k = factor.rows();
        boolean powerOfTwo = k > 0 && n % k == 0 && Integer.bitCount(n / k) == 1;
        Shapes.check("columns of signs", n, powerOfTwo, k + " times a power of two");
        Shapes.check("columns of target", target.cols(), target.cols() % n == 0, "a multiple of " + n);
    }

    /** @throws IllegalArgumentException unless unit and target are [n, n] of one dtype and pivots F64 [1, n] */
    public static void invertFactored(Tensor unit, Tensor pivots, Tensor target) {
        Shapes.square("unit", unit);
        Shapes.dtype("unit", unit, DType.F32, DType.F64);
        Shapes.shape("pivots", pivots, 1, unit.cols());
        Shapes.dtype("pivots", pivots, DType.F64);
        Shapes.same("target", target, unit);
        Shapes.dtype("target", target, unit.dtype());
    }
}
