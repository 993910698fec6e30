package dev.quern.engine.format.safetensors;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.model.LinearId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Scales in the dtype of the model. They are chosen to be exact in it; a scale that is not is a defect, never rounded
 * in silence.
 */
public final class Scales {
    /** What follows the name of a module in the name of the tensor. */
    public static final String NAME = ".weight_scale";

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Scales() {}

    /** @throws IllegalArgumentException for a scale that the type does not hold exactly */
    public static MemorySegment encode(String name, float[] scales, StoredType type) {
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

    /**
     * The scales of a linear of an output.
     *
     * @return [rows, groups]
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED for a type that weights are not read in, and for a
     *     scale that is not positive and finite
     */
    public static float[] read(Checkpoint output, LinearId linear) {
        StoredType type = type(output, linear);
        StoredTensor tensor = output.tensor(linear + NAME);
        float[] scales = new float[Math.toIntExact(tensor.data().byteSize() * Byte.SIZE / type.bits())];
        decode(tensor.name(), type, tensor.data(), scales, 0, scales.length);
        return scales;
    }

    /**
     * The type of the scales of a linear of an output.
     *
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED for a type that weights are not read in
     */
    public static StoredType type(Checkpoint output, LinearId linear) {
        StoredType type = output.entry(linear + NAME).type();
        if (!type.isWeight()) {
            throw damaged(linear + NAME + ": " + type + " (expected: BF16, F16 or F32)");
        }
        return type;
    }

    /**
     * Decodes some of the scales of a tensor.
     *
     * @param name of the tensor, for messages
     * @param bytes of those scales, the first one first
     * @param target all scales of the tensor
     * @param first index of the first scale in {@code target}
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED for a scale that is not positive and finite
     */
    public static void decode(String name, StoredType type, MemorySegment bytes, float[] target, int first, int count) {
        int width = type.bits() / Byte.SIZE;
        for (int i = 0; i < count; i++) {
            float scale = decode(bytes, type, (long) i * width);
            if (!(scale > 0) || Float.isInfinite(scale)) {
                throw damaged(name + "[" + (first + i) + "]: " + scale + " (expected: positive and finite)");
            }
            target[first + i] = scale;
        }
    }

    private static float decode(MemorySegment bytes, StoredType type, long at) {
        return switch (type) {
            case BF16 -> Float.intBitsToFloat(bytes.get(SHORT, at) << Short.SIZE);
            case F16 -> Float.float16ToFloat(bytes.get(SHORT, at));
            default -> Float.intBitsToFloat(bytes.get(INT, at));
        };
    }
}
