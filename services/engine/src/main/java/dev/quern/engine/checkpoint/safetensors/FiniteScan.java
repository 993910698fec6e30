package dev.quern.engine.checkpoint.safetensors;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Looks for NaN and infinity in floating-point tensors: values whose exponent bits are all ones. Eight bytes are tested
 * at once: adding the lowest exponent bit to the exponent of each lane carries into the lane's (masked) sign bit
 * exactly when all were ones.
 */
final class FiniteScan {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private FiniteScan() {}

    /** Exponent bits, the lowest of them and the sign, in every lane of a long. */
    private record Lanes(long exponent, long lowest, long sign) {
        static Lanes of(StoredType type) {
            return switch (type) {
                case BF16 -> new Lanes(0x7F80_7F80_7F80_7F80L, 0x0080_0080_0080_0080L, 0x8000_8000_8000_8000L);
                case F16 -> new Lanes(0x7C00_7C00_7C00_7C00L, 0x0400_0400_0400_0400L, 0x8000_8000_8000_8000L);
                case F32 -> new Lanes(0x7F80_0000_7F80_0000L, 0x0080_0000_0080_0000L, 0x8000_0000_8000_0000L);
                default -> throw new IllegalArgumentException("type: " + type + " (expected: BF16, F16 or F32)");
            };
        }

        long hits(long bits) {
            return ((bits & exponent) + lowest) & sign;
        }
    }

    /**
     * @param data little-endian elements
     * @return the index of the first element that is NaN or infinite, -1 when there is none
     */
    static long firstNonFinite(StoredType type, MemorySegment data) {
        Lanes lanes = Lanes.of(type);
        long whole = data.byteSize() & -Long.BYTES;
        long at = 0;
        while (at < whole && lanes.hits(data.get(LONG, at)) == 0) {
            at += Long.BYTES;
        }
        int width = type.bits() / Byte.SIZE;
        for (; at < data.byteSize(); at += width) {
            long bits = width == Short.BYTES ? data.get(SHORT, at) : data.get(INT, at);
            if ((lanes.hits(bits) & (width == Short.BYTES ? 0x8000L : 0x8000_0000L)) != 0) {
                return at / width;
            }
        }
        return -1;
    }

    /** Names the element. */
    static QuernException refusal(String file, TensorEntry tensor, long element, float value) {
        String where = tensor.name() + indices(tensor.shape(), element);
        return new QuernException(
                ErrorCode.NON_FINITE_WEIGHTS, file + ": " + where + ": " + value + " (expected: finite weights)");
    }

    private static List<Long> indices(List<Long> shape, long element) {
        List<Long> indices = new ArrayList<>();
        long rest = element;
        for (long extent : shape.reversed()) {
            indices.add(rest % extent);
            rest /= extent;
        }
        Collections.reverse(indices);
        return indices;
    }

    static float value(StoredType type, MemorySegment data, long element) {
        return switch (type) {
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, element * Short.BYTES) << Short.SIZE);
            case F16 -> Float.float16ToFloat(data.get(SHORT, element * Short.BYTES));
            default -> Float.intBitsToFloat(data.get(INT, element * Integer.BYTES));
        };
    }
}
