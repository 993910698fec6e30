package dev.quern.engine.artifact;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Codes of 1 to 8 bits side by side, the first in the lowest bits; each row starts a byte of its own. */
final class BitPacking {
    private BitPacking() {}

    /** Bytes of a row of {@code cols} codes. */
    static int rowBytes(int cols, int bits) {
        return Math.toIntExact(Math.ceilDiv((long) cols * bits, 8));
    }

    /** Packs {@code packed.length / rowBytes} rows from row {@code first} of codes [rows, cols]. */
    static void pack(byte[] codes, int first, int cols, int bits, byte[] packed) {
        int rowBytes = rowBytes(cols, bits);
        for (int row = 0; row < packed.length / rowBytes; row++) {
            int from = (first + row) * cols;
            int to = row * rowBytes;
            // At most 7 bits are left over when 8 more come in.
            int buffer = 0;
            int held = 0;
            for (int c = 0; c < cols; c++) {
                buffer |= Byte.toUnsignedInt(codes[from + c]) << held;
                held += bits;
                if (held >= 8) {
                    packed[to++] = (byte) buffer;
                    buffer >>>= 8;
                    held -= 8;
                }
            }
            if (held > 0) {
                packed[to] = (byte) buffer;
            }
        }
    }

    /** The codes [rows, cols] that were packed, one a byte. */
    static byte[] unpack(MemorySegment packed, int rows, int cols, int bits) {
        byte[] codes = new byte[Math.multiplyExact(rows, cols)];
        int mask = (1 << bits) - 1;
        long rowBytes = rowBytes(cols, bits);
        for (int row = 0; row < rows; row++) {
            long from = row * rowBytes;
            int buffer = 0;
            int held = 0;
            for (int c = 0; c < cols; c++) {
                if (held < bits) {
                    buffer |= Byte.toUnsignedInt(packed.get(ValueLayout.JAVA_BYTE, from++)) << held;
                    held += 8;
                }
                codes[row * cols + c] = (byte) (buffer & mask);
                buffer >>>= bits;
                held -= bits;
            }
        }
        return codes;
    }
}
