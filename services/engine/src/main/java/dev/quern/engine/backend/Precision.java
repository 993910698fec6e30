package dev.quern.engine.backend;

/** How a product is computed. There is no TF32. */
public enum Precision {
    /** Float32 sums. The product of two bf16 operands is exact. */
    F32,
    /** Float64 products and sums. */
    F64
}
