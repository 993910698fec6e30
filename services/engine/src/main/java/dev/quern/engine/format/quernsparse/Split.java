package dev.quern.engine.format.quernsparse;

import dev.quern.engine.method.BitPacking;
import dev.quern.engine.method.IntegerGrid;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Codes as a mask, which has a bit for each one that is not its group's zero point, and those codes one after the
 * other. Eight columns are a byte of the mask, the first one its lowest bit; a row ends at a byte.
 */
final class Split {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int LANES = Long.BYTES;
    private static final long LOW = 0x0101_0101_0101_0101L;
    private static final long HIGH = LOW << 7;

    private final byte[] mask;
    private final byte[] kept;
    private final int[] starts;

    private Split(byte[] mask, byte[] kept, int[] starts) {
        this.mask = mask;
        this.kept = kept;
        this.starts = starts;
    }

    /** Bytes of a row of a mask. */
    static int maskBytes(int cols) {
        return Math.ceilDiv(cols, LANES);
    }

    static Split of(IntegerGrid grid, Runs runs) {
        int rowBytes = maskBytes(runs.cols());
        byte[] mask = new byte[Math.multiplyExact(runs.rows(), rowBytes)];
        byte[] kept = new byte[grid.codes().length + BitPacking.SLACK];
        int[] starts = new int[runs.count() + 1];
        byte[] row = new byte[rowBytes * LANES];
        byte[] zeros = new byte[row.length];
        int at = 0;
        for (int run = 0; run < runs.count(); run++) {
            for (int r = runs.first(run); r < runs.end(run); r++) {
                fillZeros(grid.zeros(), r, runs.cols(), grid.shape().columns(runs.cols()), zeros);
                System.arraycopy(grid.codes(), r * runs.cols(), row, 0, runs.cols());
                at = splitRow(row, zeros, mask, r * rowBytes, kept, at);
            }
            starts[run + 1] = at;
        }
        return new Split(mask, kept, starts);
    }

    /** Where the kept codes of the row end. */
    private static int splitRow(byte[] row, byte[] zeros, byte[] mask, int firstMask, byte[] kept, int firstKept) {
        int at = firstKept;
        int m = firstMask;
        for (int c = 0; c < row.length; c += LANES) {
            long eight = (long) LONG.get(row, c);
            long difference = eight ^ (long) LONG.get(zeros, c);
            // The highest bit of each byte that is not zero.
            long differs = (((difference & ~HIGH) + ~HIGH) | difference) & HIGH;
            mask[m++] = (byte) Long.compress(differs, HIGH);
            LONG.set(kept, at, Long.compress(eight, (differs >>> 7) * 0xFF));
            at += Long.bitCount(differs);
        }
        return at;
    }

    /**
     * Puts kept codes into a row.
     *
     * @param firstMask where the row begins in the mask
     * @param kept with {@link BitPacking#SLACK} after the last one
     * @param firstKept where the row begins among the kept codes
     * @param row of whole bytes of the mask, full of zero points
     * @return where the kept codes of the row end
     */
    static int joinRow(byte[] mask, int firstMask, byte[] kept, int firstKept, byte[] row) {
        int at = firstKept;
        int m = firstMask;
        for (int c = 0; c < row.length; c += LANES) {
            int bits = mask[m++] & 0xFF;
            long lanes = Long.expand(bits, LOW) * 0xFF;
            long eight = Long.expand((long) LONG.get(kept, at), lanes);
            LONG.set(row, c, eight | ((long) LONG.get(row, c) & ~lanes));
            at += Integer.bitCount(bits);
        }
        return at;
    }

    /** The zero points of a row, one for each column. What the row has beyond its columns stays as it is. */
    static void fillZeros(byte[] zeros, int row, int cols, int columnsOfGroup, byte[] target) {
        int group = row * (cols / columnsOfGroup);
        for (int c = 0; c < cols; c += columnsOfGroup) {
            Arrays.fill(target, c, c + columnsOfGroup, zeros[group++]);
        }
    }

    /** [rows, bytes of a row]. */
    byte[] mask() {
        return mask;
    }

    /** The kept codes of all rows, followed by bytes without meaning. */
    byte[] kept() {
        return kept;
    }

    /** Where each run begins among the kept codes, and where the last one ends. */
    int[] starts() {
        return starts;
    }
}
