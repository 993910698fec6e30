package dev.quern.engine.artifact;

import dev.quern.engine.method.BitPacking;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.Core;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The bytes of a block's linears. One linear: codes packed by {@link BitPacking} [rows, rowBytes], zero points u8
 * [rows, groups], scales f32 little-endian [rows, groups].
 */
record BlockPayload(List<CompressedLinear> linears) implements ArtifactFile.Payload {
    private static final int CHUNK = 1 << 20;
    private static final ValueLayout.OfFloat SCALE =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public long size() {
        return linears.stream()
                .mapToLong(linear -> linear.core().shape().payloadBytes(linear.rows(), linear.cols()))
                .sum();
    }

    @Override
    public void writeTo(ArtifactFile.Sink sink) throws IOException {
        for (CompressedLinear linear : linears) {
            switch (linear.core()) {
                case IntegerGrid grid -> write(linear, grid, sink);
            }
        }
    }

    private static void write(CompressedLinear linear, IntegerGrid grid, ArtifactFile.Sink sink) throws IOException {
        writeCodes(linear, grid, sink);
        sink.put(ByteBuffer.wrap(grid.zeros()));
        ByteBuffer scales =
                ByteBuffer.allocate(grid.scales().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        scales.asFloatBuffer().put(grid.scales());
        sink.put(scales);
    }

    private static void writeCodes(CompressedLinear linear, IntegerGrid grid, ArtifactFile.Sink sink)
            throws IOException {
        BitPacking packing = grid.shape().packing();
        int step = Math.max(1, CHUNK / packing.rowBytes(linear.cols()));
        for (int row = 0; row < linear.rows(); row += step) {
            int rows = Math.min(step, linear.rows() - row);
            byte[] packed = packing.pack(grid.codes(), row, rows, linear.cols());
            sink.put(ByteBuffer.wrap(packed, 0, packing.bytes(rows, linear.cols())));
        }
    }

    /** Reads one linear from its part of the payload. */
    static CompressedLinear read(MemorySegment part, LinearId id, LinearRecord linear) {
        Core core = switch (linear.shape()) {
            case IntegerShape shape -> integers(part, linear.rows(), linear.cols(), shape);
        };
        return new CompressedLinear(id, linear.rows(), linear.cols(), core);
    }

    private static IntegerGrid integers(MemorySegment part, int rows, int cols, IntegerShape shape) {
        BitPacking packing = shape.packing();
        int scaleCount = rows * shape.groups(cols);
        int codeBytes = packing.bytes(rows, cols);
        byte[] packed = new byte[codeBytes + BitPacking.SLACK];
        MemorySegment.copy(part, ValueLayout.JAVA_BYTE, 0, packed, 0, codeBytes);
        byte[] codes = packing.unpack(packed, rows, cols);
        byte[] zeros = part.asSlice(codeBytes, scaleCount).toArray(ValueLayout.JAVA_BYTE);
        float[] scales = part.asSlice((long) codeBytes + scaleCount).toArray(SCALE);
        return new IntegerGrid(shape.bits(), shape.groupSize(), shape.symmetric(), codes, zeros, scales);
    }
}
