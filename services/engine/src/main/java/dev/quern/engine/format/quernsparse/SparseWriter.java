package dev.quern.engine.format.quernsparse;

import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.format.safetensors.Scales;
import dev.quern.engine.format.safetensors.WeightShape;
import dev.quern.engine.method.BitPacking;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.model.LinearId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Makes the tensors of a linear. They depend on the linear alone. */
final class SparseWriter {
    private static final int TOLERANCE = 64;
    /** Where fewer codes than this share are kept, a mask may cost that much more. */
    private static final double FEW = 0.625;
    /** About what the header of a file says of streams, their offsets and their lengths. */
    private static final int STATED = 3 * 128;

    private final LinearId linear;
    private final List<Part> parts = new ArrayList<>();

    private SparseWriter(LinearId linear) {
        this.linear = linear;
    }

    /** A tensor with its data. */
    record Part(OutputTensor tensor, MemorySegment data) {}

    static List<Part> parts(CompressedLinear linear, StoredType scaleType) {
        SparseWriter writer = new SparseWriter(linear.id());
        switch (linear.core()) {
            case IntegerGrid grid -> {
                Runs runs = new Runs(linear.rows(), linear.cols());
                writer.addCodes(grid, runs);
                writer.addScales(grid, runs, scaleType);
                writer.addZeros(grid, linear);
                writer.parts.add(new Part(
                        WeightShape.tensor(linear.id()), new WeightShape(linear.rows(), linear.cols()).bytes()));
            }
        }
        return writer.parts;
    }

    /**
     * With a mask, or without one where that is smaller. Near a half of zeros both take the same, since a prefix code
     * says by one bit what a mask says; there a mask may cost a little more, because it is read faster.
     */
    private void addCodes(IntegerGrid grid, Runs runs) {
        Split split = Split.of(grid, runs);
        int kept = split.starts()[runs.count()];
        long[] all = CodedSymbols.count(grid.codes(), grid.codes().length, grid.bits());
        long[] chosen = CodedSymbols.count(split.kept(), kept, grid.bits());
        long[] mask = CodedSymbols.count(split.mask(), split.mask().length, Byte.SIZE);
        long offsets = (long) Integer.SIZE * (runs.count() + 1);
        long masked = CodedSymbols.bits(mask) + offsets + CodedSymbols.bits(chosen);
        long without = CodedSymbols.bits(all);
        boolean few = kept < FEW * grid.codes().length;
        if (masked < (few ? most(without) : without)) {
            int[] maskStarts = runs.starts(Split.maskBytes(runs.cols()));
            add(QuernSparse.MASK, CodedSymbols.of(split.mask(), maskStarts, mask));
            add(QuernSparse.CODES, CodedSymbols.of(split.kept(), split.starts(), chosen));
        } else {
            add(QuernSparse.CODES, CodedSymbols.of(grid.codes(), runs.starts(runs.cols()), all));
        }
    }

    /** What codes with a mask may take where those without one take so much. */
    static long most(long without) {
        return without + without / TOLERANCE;
    }

    private void add(String suffix, CodedSymbols coded) {
        add(suffix, StoredType.U8, List.of((long) coded.bytes().length), coded.bytes());
        add(
                suffix + QuernSparse.OFFSETS,
                StoredType.U32,
                List.of((long) coded.offsets().length),
                littleEndian(coded.offsets()));
        byte[] lengths = coded.lengths();
        if (lengths != null) {
            add(suffix + QuernSparse.LENGTHS, StoredType.U8, List.of((long) lengths.length), lengths);
        }
    }

    /** Coded byte by byte where that makes the file smaller, else as they are. */
    private void addScales(IntegerGrid grid, Runs runs, StoredType type) {
        int groups = grid.shape().groups(runs.cols());
        byte[] scales = Scales.encode(linear + Scales.NAME, grid.scales(), type).toArray(ValueLayout.JAVA_BYTE);
        List<String> names = StoredScales.planes(type);
        List<CodedSymbols> planes = IntStream.range(0, names.size())
                .mapToObj(i -> StoredScales.plane(scales, type, i))
                .map(plane ->
                        CodedSymbols.of(plane, runs.starts(groups), CodedSymbols.count(plane, plane.length, Byte.SIZE)))
                .toList();
        if (planes.stream().mapToLong(plane -> plane.size() + STATED).sum() < scales.length) {
            add(Scales.NAME, type, StoredScales.CODED, new byte[0]);
            for (int i = 0; i < names.size(); i++) {
                add(names.get(i), planes.get(i));
            }
        } else {
            add(Scales.NAME, type, List.of((long) runs.rows(), (long) groups), scales);
        }
    }

    private void addZeros(IntegerGrid grid, CompressedLinear of) {
        if (!grid.symmetric()) {
            BitPacking packing = grid.shape().packing();
            int rowBytes = packing.rowBytes(of.groups());
            byte[] packed = packing.pack(grid.zeros(), 0, of.rows(), of.groups());
            parts.add(new Part(
                    new OutputTensor(
                            linear + QuernSparse.ZERO_POINT, StoredType.U8, List.of((long) of.rows(), (long) rowBytes)),
                    MemorySegment.ofArray(packed).asSlice(0, packing.bytes(of.rows(), of.groups()))));
        }
    }

    private void add(String suffix, StoredType type, List<Long> shape, byte[] data) {
        parts.add(new Part(new OutputTensor(linear + suffix, type, shape), MemorySegment.ofArray(data)));
    }

    private static byte[] littleEndian(int[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        return bytes.array();
    }
}
