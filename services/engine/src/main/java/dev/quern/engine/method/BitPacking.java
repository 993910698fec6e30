package dev.quern.engine.method;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Rows of b-bit codes as little-endian bit streams: code i of a row is at bits [i b, i b + b), and a row ends at a
 * whole word. Eight codes are exactly b bytes, so eight are packed at a time, whatever b is.
 *
 * @param bits of a code, 1 to 8
 * @param wordBytes 4 in compressed-tensors (docs/formats.md, packing), 1 in artifacts
 */
public record BitPacking(int bits, int wordBytes) {
    /** Bytes without meaning after the last row, which packing writes and unpacking reads. */
    public static final int SLACK = Long.BYTES;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final int LANES = Long.BYTES;

    /** Bytes of a packed row. */
    public int rowBytes(int cols) {
        long words = Math.ceilDiv((long) cols * bits, (long) wordBytes * Byte.SIZE);
        return Math.toIntExact(words * wordBytes);
    }

    /** Bytes of packed rows. */
    public int bytes(int rows, int cols) {
        return Math.multiplyExact(rows, rowBytes(cols));
    }

    /**
     * Packs rows {@code first} to {@code first + rows - 1}.
     *
     * @param codes [first + rows or more, cols], unsigned
     * @return packed rows, followed by {@link #SLACK}
     * @throws IllegalArgumentException when a code has more bits
     */
    public byte[] pack(byte[] codes, int first, int rows, int cols) {
        int rowBytes = rowBytes(cols);
        // A long is stored for every b bytes; the zeros above them fall on what is stored next, or on the slack.
        byte[] packed = new byte[Math.addExact(bytes(rows, cols), SLACK)];
        long mask = mask();
        long seen = 0;
        for (int r = 0; r < rows; r++) {
            int from = (first + r) * cols;
            int to = r * rowBytes;
            int c = 0;
            for (; c + LANES <= cols; c += LANES, to += bits) {
                long eight = (long) LONG.get(codes, from + c);
                seen |= eight;
                LONG.set(packed, to, Long.compress(eight, mask));
            }
            if (c < cols) {
                long rest = partial(codes, from + c, cols - c);
                seen |= rest;
                LONG.set(packed, to, Long.compress(rest, mask));
            }
        }
        if ((seen & ~mask) != 0) {
            throw new IllegalArgumentException(
                    "codes: more than " + bits + " bits (expected: 0 to " + ((1 << bits) - 1) + ")");
        }
        return packed;
    }

    /**
     * @param packed rows, followed by {@link #SLACK}
     * @return codes [rows, cols]
     */
    public byte[] unpack(byte[] packed, int rows, int cols) {
        int rowBytes = rowBytes(cols);
        byte[] codes = new byte[Math.multiplyExact(rows, cols)];
        long mask = mask();
        for (int r = 0; r < rows; r++) {
            int to = r * cols;
            int from = r * rowBytes;
            int c = 0;
            for (; c + LANES <= cols; c += LANES, from += bits) {
                LONG.set(codes, to + c, Long.expand((long) LONG.get(packed, from), mask));
            }
            long rest = c < cols ? Long.expand((long) LONG.get(packed, from), mask) : 0;
            for (; c < cols; c++, rest >>>= Byte.SIZE) {
                codes[to + c] = (byte) rest;
            }
        }
        return codes;
    }

    /** True when all bits after the last code of a row are zero. */
    public boolean isPaddingZero(byte[] packed, int rows, int cols) {
        int rowBytes = rowBytes(cols);
        int used = cols * bits;
        for (int r = 0; r < rows; r++) {
            for (int bit = used; bit < rowBytes * Byte.SIZE; bit++) {
                if ((packed[r * rowBytes + bit / Byte.SIZE] >>> (bit % Byte.SIZE) & 1) != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static long partial(byte[] codes, int from, int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value |= (codes[from + i] & 0xFFL) << (i * Byte.SIZE);
        }
        return value;
    }

    private long mask() {
        return ONES * ((1 << bits) - 1);
    }
}
