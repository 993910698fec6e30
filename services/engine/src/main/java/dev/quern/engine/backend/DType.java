package dev.quern.engine.backend;

/** Element types of tensors. Arithmetic runs in F32 or F64; the others are storage. */
public enum DType {
    F64(8),
    F32(4),
    BF16(2),
    F16(2),
    I32(4),
    /** Unsigned codes and zero points of integer grids. */
    U8(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of an element. */
    public int bytes() {
        return bytes;
    }
}
