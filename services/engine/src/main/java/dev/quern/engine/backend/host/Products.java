package dev.quern.engine.backend.host;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Tensor;

/** What a product asks of its operands, the same for every backend. */
public final class Products {
    private Products() {}

    /** @throws IllegalArgumentException for operands whose shapes or dtypes do not go together */
    public static void check(
            Precision precision, Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c) {
        int inner = transposeA ? a.rows() : a.cols();
        int innerB = transposeB ? b.cols() : b.rows();
        Shapes.check("inner dimension of b", innerB, inner == innerB, String.valueOf(inner));
        Shapes.shape("c", c, transposeA ? a.cols() : a.rows(), transposeB ? b.rows() : b.cols());
        switch (precision) {
            case EXACT_BF16 -> {
                Shapes.dtype("a", a, DType.BF16);
                Shapes.dtype("b", b, DType.BF16);
                Shapes.dtype("c", c, DType.F32);
            }
            case F32 -> {
                Shapes.dtype("a", a, DType.F32, DType.BF16, DType.F16);
                Shapes.dtype("b", b, DType.F32, DType.BF16, DType.F16);
                Shapes.dtype("c", c, DType.F32);
            }
            case F64 -> {
                Shapes.dtype("a", a, DType.F64, DType.F32, DType.BF16, DType.F16);
                Shapes.dtype("b", b, DType.F64, DType.F32, DType.BF16, DType.F16);
                Shapes.dtype("c", c, DType.F64);
            }
        }
    }
}
