package dev.quern.engine.format.compressedtensors;

import dev.quern.engine.method.BitPacking;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Zero points: their bit streams run down the columns, so a word holds codes of neighbouring rows (docs/formats.md,
 * packing).
 */
final class Columns {
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Columns() {}

    /**
     * @param codes [out, groups], unsigned
     * @return words [out bits / 32, groups]
     */
    static byte[] pack(byte[] codes, int out, int groups, int bits) {
        BitPacking packing = CompressedTensors.packing(bits);
        byte[] columns = packing.pack(transposed(codes, out, groups), 0, groups, out);
        return transposedWords(columns, groups, packing.rowBytes(out) / Integer.BYTES);
    }

    /** The inverse of {@link #pack}. */
    static byte[] unpack(byte[] words, int out, int groups, int bits) {
        byte[] columns = columns(words, out, groups, bits);
        return transposed(CompressedTensors.packing(bits).unpack(columns, groups, out), groups, out);
    }

    static boolean isPaddingZero(byte[] words, int out, int groups, int bits) {
        return CompressedTensors.packing(bits).isPaddingZero(columns(words, out, groups, bits), groups, out);
    }

    /** The streams as rows, with the slack that unpacking needs. */
    private static byte[] columns(byte[] words, int out, int groups, int bits) {
        int wordsOfRow = CompressedTensors.packing(bits).rowBytes(out) / Integer.BYTES;
        byte[] streams = transposedWords(words, wordsOfRow, groups);
        return ByteBuffer.allocate(streams.length + BitPacking.SLACK)
                .put(streams)
                .array();
    }

    private static byte[] transposed(byte[] source, int rows, int cols) {
        byte[] target = new byte[source.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                target[c * rows + r] = source[r * cols + c];
            }
        }
        return target;
    }

    /** [rows, cols] words to [cols, rows]; bytes after them are dropped. */
    private static byte[] transposedWords(byte[] source, int rows, int cols) {
        byte[] target = new byte[rows * cols * Integer.BYTES];
        MemorySegment from = MemorySegment.ofArray(source);
        MemorySegment to = MemorySegment.ofArray(target);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                int word = from.get(WORD, (long) (r * cols + c) * Integer.BYTES);
                to.set(WORD, (long) (c * rows + r) * Integer.BYTES, word);
            }
        }
        return target;
    }
}
