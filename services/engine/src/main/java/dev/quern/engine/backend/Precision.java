package dev.quern.engine.backend;

/** How a product is computed. There is no TF32. */
public enum Precision {
    /** Float32 sums. The product of two bf16 operands is exact. */
    F32,
    /**
     * Float32 operands as three bf16 parts each, {@code a = a1 + a2 + a3}, each part the rest of the one before,
     * rounded. The six products of parts that reach float32's precision are summed, {@code a1 b1 + a1 b2 + a2 b1 + a1
     * b3 + a2 b2 + a3 b1}, in float32 at least. What is left out is below 2^-22 of {@code |a b|} (Henry, Tang and
     * Heinecke, arXiv 1904.06376). A value that is not finite makes its results not finite. A backend without units for
     * bf16 may compute F32.
     */
    SPLIT_BF16X3,
    /** Float64 products and sums. */
    F64;

    /** What products are for. A backend has a precision for each, which is part of its numeric profile. */
    public enum Use {
        /** The linears of a block. */
        FORWARD,
        /** The output head. */
        LOGITS,
        /** Products with H or its factor: the feedback of a sweep, and figures of error. */
        SOLVE
    }
}
