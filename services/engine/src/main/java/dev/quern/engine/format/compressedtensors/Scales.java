package dev.quern.engine.format.compressedtensors;

import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Scales in the dtype of the model. They are chosen to be exact in it; a scale that is not is a defect, never rounded
 * in silence.
 */
final class Scales {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Scales() {}

    /** @throws IllegalArgumentException for a scale that the type does not hold exactly */
    static MemorySegment encode(String name, float[] scales, StoredType type) {
        int width = type.bits() / Byte.SIZE;
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.multiplyExact(scales.length, width)]);
        for (int i = 0; i < scales.length; i++) {
            long at = (long) i * width;
            switch (type) {
                case BF16 -> bytes.set(SHORT, at, (short) (Float.floatToRawIntBits(scales[i]) >>> Short.SIZE));
                case F16 -> bytes.set(SHORT, at, Float.floatToFloat16(scales[i]));
                case F32 -> bytes.set(INT, at, Float.floatToRawIntBits(scales[i]));
                default -> throw new IllegalArgumentException("type: " + type + " (expected: BF16, F16 or F32)");
            }
            if (decode(bytes, type, at) != scales[i]) {
                throw new IllegalArgumentException(
                        name + "[" + i + "]: " + scales[i] + " (expected: exact in " + type + ")");
            }
        }
        return bytes;
    }

    static float[] decode(StoredTensor tensor) {
        int width = tensor.type().bits() / Byte.SIZE;
        float[] scales = new float[Math.toIntExact(tensor.data().byteSize() / width)];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = decode(tensor.data(), tensor.type(), (long) i * width);
        }
        return scales;
    }

    private static float decode(MemorySegment bytes, StoredType type, long at) {
        return switch (type) {
            case BF16 -> Float.intBitsToFloat(bytes.get(SHORT, at) << Short.SIZE);
            case F16 -> Float.float16ToFloat(bytes.get(SHORT, at));
            default -> Float.intBitsToFloat(bytes.get(INT, at));
        };
    }
}
