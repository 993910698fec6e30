package dev.quern.engine.checkpoint.safetensors;

import dev.quern.engine.backend.DType;
import org.jspecify.annotations.Nullable;

/** The element types of safetensors 0.8, in its order: files list tensors by falling type, so that each is aligned. */
public enum StoredType {
    BOOL(8),
    F4(4),
    F6_E2M3(6),
    F6_E3M2(6),
    U8(8),
    I8(8),
    F8_E5M2(8),
    F8_E4M3(8),
    F8_E8M0(8),
    F8_E4M3FNUZ(8),
    F8_E5M2FNUZ(8),
    I16(16),
    U16(16),
    F16(16),
    BF16(16),
    I32(32),
    U32(32),
    F32(32),
    C64(64),
    F64(64),
    I64(64),
    U64(64);

    private final int bits;

    StoredType(int bits) {
        this.bits = bits;
    }

    /** Bits of an element. */
    public int bits() {
        return bits;
    }

    /** Null for a name that safetensors does not know. */
    static @Nullable StoredType of(String name) {
        for (StoredType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }

    /** True for the types that weights are read in. */
    public boolean isWeight() {
        return this == BF16 || this == F16 || this == F32;
    }

    /**
     * The same type in a backend.
     *
     * @throws IllegalArgumentException for types that backends do not hold
     */
    public DType dtype() {
        return switch (this) {
            case BF16 -> DType.BF16;
            case F16 -> DType.F16;
            case F32 -> DType.F32;
            case F64 -> DType.F64;
            case I32 -> DType.I32;
            case U8 -> DType.U8;
            default ->
                throw new IllegalArgumentException("type: " + this + " (expected: BF16, F16, F32, F64, I32 or U8)");
        };
    }

    /** @throws IllegalArgumentException for types that the format lacks */
    public static StoredType of(DType dtype) {
        return switch (dtype) {
            case BF16 -> BF16;
            case F16 -> F16;
            case F32 -> F32;
            case F64 -> F64;
            case I32 -> I32;
            case U8 -> U8;
        };
    }
}
