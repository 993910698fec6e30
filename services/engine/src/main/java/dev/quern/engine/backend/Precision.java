package dev.quern.engine.backend;

/** How a product is computed. There is no TF32. */
public enum Precision {
    /** bf16 operands, float32 accumulation: every single product is exact. */
    EXACT_BF16,
    F32,
    F64
}
