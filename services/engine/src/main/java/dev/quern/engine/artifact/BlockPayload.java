package dev.quern.engine.artifact;

import dev.quern.engine.method.BitPacking;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
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

    static long bytes(LinearRecord linear) {
        return bytes(linear.rows(), linear.cols(), shape(linear));
    }

    private static long bytes(int rows, int cols, IntegerShape shape) {
        return (long) rows * (packing(shape).rowBytes(cols) + (long) shape.groups(cols) * (1 + Float.BYTES));
    }

    private static IntegerShape shape(LinearRecord linear) {
        return new IntegerShape(linear.bits(), linear.groupSize(), linear.symmetric());
    }

    /** Rows end at bytes. */
    private static BitPacking packing(IntegerShape shape) {
        return new BitPacking(shape.bits(), 1);
    }

    @Override
    public long size() {
        long size = 0;
        for (CompressedLinear linear : linears) {
            size += bytes(
                    linear.rows(), linear.cols(), BlockArtifact.grid(linear).shape());
        }
        return size;
    }

    @Override
    public void writeTo(ArtifactFile.Sink sink) throws IOException {
        for (CompressedLinear linear : linears) {
            IntegerGrid grid = BlockArtifact.grid(linear);
            writeCodes(linear, grid, sink);
            sink.put(ByteBuffer.wrap(grid.zeros()));
            ByteBuffer scales =
                    ByteBuffer.allocate(grid.scales().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            scales.asFloatBuffer().put(grid.scales());
            sink.put(scales);
        }
    }

    private static void writeCodes(CompressedLinear linear, IntegerGrid grid, ArtifactFile.Sink sink)
            throws IOException {
        BitPacking packing = packing(grid.shape());
        int step = Math.max(1, CHUNK / packing.rowBytes(linear.cols()));
        for (int row = 0; row < linear.rows(); row += step) {
            int rows = Math.min(step, linear.rows() - row);
            byte[] packed = packing.pack(grid.codes(), row, rows, linear.cols());
            sink.put(ByteBuffer.wrap(packed, 0, packing.bytes(rows, linear.cols())));
        }
    }

    /** Reads one linear from its part of the payload. */
    static CompressedLinear read(MemorySegment part, String prefix, LinearRecord linear) {
        BitPacking packing = packing(shape(linear));
        int scaleCount = linear.rows() * shape(linear).groups(linear.cols());
        int codeBytes = packing.bytes(linear.rows(), linear.cols());
        byte[] packed = new byte[codeBytes + BitPacking.SLACK];
        MemorySegment.copy(part, ValueLayout.JAVA_BYTE, 0, packed, 0, codeBytes);
        byte[] codes = packing.unpack(packed, linear.rows(), linear.cols());
        byte[] zeros = part.asSlice(codeBytes, scaleCount).toArray(ValueLayout.JAVA_BYTE);
        float[] scales = part.asSlice((long) codeBytes + scaleCount).toArray(SCALE);
        IntegerGrid grid = new IntegerGrid(linear.bits(), linear.groupSize(), linear.symmetric(), codes, zeros, scales);
        return new CompressedLinear(prefix + linear.name(), linear.rows(), linear.cols(), grid);
    }
}
