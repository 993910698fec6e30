package dev.quern.engine.format.quernsparse;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.format.safetensors.Scales;
import dev.quern.engine.format.safetensors.TensorChecks;
import dev.quern.engine.model.LinearId;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The scales of a linear in a file: in a tensor of their own, or coded. Coded ones have a stream for the first byte of
 * each scale, one for the second byte, and so on, and their own tensor has no elements: it says their type.
 *
 * @param runs of the linear
 * @param groups of a row
 */
record StoredScales(Checkpoint output, LinearId linear, Runs runs, int groups) {
    /** The bytes of a scale follow the name of the linear, the lowest one first. */
    private static final List<String> PLANES = IntStream.range(0, Float.BYTES)
            .mapToObj(i -> Scales.NAME + "_byte" + i)
            .toList();

    /** The shape of the scales' own tensor where they are coded. */
    static final List<Long> CODED = List.of(0L);

    /** What follows the name of a linear in the names of the streams of its scales. */
    static List<String> planes() {
        return PLANES;
    }

    /** What follows it where scales have this type. */
    static List<String> planes(StoredType type) {
        return PLANES.subList(0, width(type));
    }

    /** The symbols of a plane: one byte of each scale. */
    static byte[] plane(byte[] scales, StoredType type, int index) {
        int width = width(type);
        byte[] plane = new byte[scales.length / width];
        for (int i = 0; i < plane.length; i++) {
            plane[i] = scales[i * width + index];
        }
        return plane;
    }

    private static int width(StoredType type) {
        return type.bits() / Byte.SIZE;
    }

    /**
     * Checks type, shape and that there is nothing beside them, from the header alone.
     *
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED
     */
    void check() {
        StoredType type = type();
        if (!isCoded()) {
            List<Long> shape = List.of((long) runs.rows(), (long) groups);
            TensorChecks.require(output, new OutputTensor(linear + Scales.NAME, type, shape));
        }
        List<String> read = isCoded() ? planes(type) : List.of();
        PLANES.stream()
                .filter(plane -> !read.contains(plane))
                .flatMap(plane -> QuernSparse.coded(linear + plane))
                .forEach(name ->
                        TensorChecks.refuse(output, name, (isCoded() ? "coded " : "plain ") + type + " scales"));
    }

    private StoredType type() {
        return Scales.type(output, linear);
    }

    private boolean isCoded() {
        return output.entry(linear + Scales.NAME).shape().equals(CODED);
    }

    /**
     * Checks and reads all scales. No memory is taken for more of them than the tensors can hold.
     *
     * @return [rows, groups]
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED as {@link #check} and {@link Scales#read}, and for
     *     streams that do not fit
     */
    float[] read() {
        check();
        return isCoded() ? decode() : Scales.read(output, linear);
    }

    private float[] decode() {
        StoredType type = type();
        int width = width(type);
        List<CodedStreams> planes = planes(type).stream()
                .map(plane -> CodedStreams.open(output, linear + plane, runs.count(), Byte.SIZE))
                .toList();
        planes.forEach(plane -> plane.requireRoom((long) runs.rows() * groups));
        float[] scales = new float[runs.rows() * groups];
        byte[] plane = new byte[runs.length() * groups];
        byte[] whole = new byte[plane.length * width];
        MemorySegment decoded = MemorySegment.ofArray(whole);
        for (int run = 0; run < runs.count(); run++) {
            int first = runs.first(run) * groups;
            int count = runs.end(run) * groups - first;
            for (int p = 0; p < width; p++) {
                planes.get(p).read(run, count, plane);
                for (int i = 0; i < count; i++) {
                    whole[i * width + p] = plane[i];
                }
            }
            Scales.decode(linear + Scales.NAME, type, decoded, scales, first, count);
        }
        return scales;
    }
}
