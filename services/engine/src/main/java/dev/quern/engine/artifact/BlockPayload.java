package dev.quern.engine.artifact;

import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The bytes of a block's linears. One linear: codes packed by {@link BitPacking} [rows, rowBytes], zero points u8 [rows, groups],
 * scales f32 little-endian [rows, groups].
 */
record BlockPayload(List<CompressedLinear> linears) implements ArtifactFile.Payload {
    private static final int CHUNK = 1 << 20;
    private static final ValueLayout.OfFloat SCALE =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static long bytes(LinearRecord linear) {
        return bytes(linear.rows(), linear.cols(), linear.bits(), linear.groupSize());
    }

    private static long bytes(int rows, int cols, int bits, int groupSize) {
        return (long) rows * (BitPacking.rowBytes(cols, bits) + groups(cols, groupSize) * (1 + Float.BYTES));
    }

    private static int groups(int cols, int groupSize) {
        return groupSize == 0 ? 1 : cols / groupSize;
    }

    @Override
    public long size() {
        long size = 0;
        for (CompressedLinear linear : linears) {
            IntegerGrid grid = BlockArtifact.grid(linear);
            size += bytes(linear.rows(), linear.cols(), grid.bits(), grid.groupSize());
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
        int rowBytes = BitPacking.rowBytes(linear.cols(), grid.bits());
        int step = Math.max(1, CHUNK / rowBytes);
        for (int row = 0; row < linear.rows(); row += step) {
            byte[] packed = new byte[Math.min(step, linear.rows() - row) * rowBytes];
            BitPacking.pack(grid.codes(), row, linear.cols(), grid.bits(), packed);
            sink.put(ByteBuffer.wrap(packed));
        }
    }

    /** Reads one linear from its part of the payload. */
    static CompressedLinear read(MemorySegment part, String prefix, LinearRecord linear) {
        int scaleCount = linear.rows() * groups(linear.cols(), linear.groupSize());
        long codeBytes = (long) linear.rows() * BitPacking.rowBytes(linear.cols(), linear.bits());
        byte[] codes = BitPacking.unpack(part, linear.rows(), linear.cols(), linear.bits());
        byte[] zeros = part.asSlice(codeBytes, scaleCount).toArray(ValueLayout.JAVA_BYTE);
        float[] scales = part.asSlice(codeBytes + scaleCount).toArray(SCALE);
        IntegerGrid grid = new IntegerGrid(linear.bits(), linear.groupSize(), linear.symmetric(), codes, zeros, scales);
        return new CompressedLinear(prefix + linear.name(), linear.rows(), linear.cols(), grid);
    }
}
