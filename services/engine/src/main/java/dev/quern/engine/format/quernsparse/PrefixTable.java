package dev.quern.engine.format.quernsparse;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Decodes a {@link PrefixCode}: the next bits of a stream name up to four symbols at once. */
final class PrefixTable {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int SYMBOLS = Integer.BYTES;
    /** Entries that are looked up in bits that were read at once: at most 48, of the 57 or more that a long has. */
    private static final int STEPS = 4;

    private static final int MASK = (1 << PrefixCode.MAX_LENGTH) - 1;
    private static final int COUNT = Integer.SIZE;
    private static final int BITS = COUNT + Byte.SIZE;

    /** By the next bits: up to four symbols in bytes 0 to 3, how many they are in byte 4, and their bits in byte 5. */
    private final long[] entries = new long[MASK + 1];

    private final byte[] lengths;

    PrefixTable(PrefixCode code) {
        this.lengths = code.lengths();
        byte[] first = new byte[MASK + 1];
        int[] words = code.words();
        for (int symbol = 0; symbol < words.length; symbol++) {
            int step = 1 << lengths[symbol];
            for (int bits = words[symbol]; lengths[symbol] > 0 && bits <= MASK; bits += step) {
                first[bits] = (byte) symbol;
            }
        }
        for (int bits = 0; bits <= MASK; bits++) {
            entries[bits] = entry(bits, first);
        }
    }

    /** @param first the first symbol of each sequence of bits */
    private long entry(int bits, byte[] first) {
        long symbols = 0;
        int count = 0;
        int used = 0;
        while (count < SYMBOLS) {
            int symbol = first[bits >>> used] & 0xFF;
            if (used + lengths[symbol] > PrefixCode.MAX_LENGTH) {
                break;
            }
            symbols |= (long) symbol << (count * Byte.SIZE);
            used += lengths[symbol];
            count++;
        }
        return symbols | ((long) count << COUNT) | ((long) used << BITS);
    }

    /**
     * Decodes symbols until there are enough of them, or the stream is over.
     *
     * @param source with {@link dev.quern.engine.method.BitPacking#SLACK} after the stream
     * @param from the first byte of the stream
     * @param to one past its last byte
     * @param target of {@code count} symbols or more
     * @return bits that were read; more than the stream has where it ends too early
     */
    long decode(byte[] source, int from, int to, byte[] target, int count) {
        long start = (long) from * Byte.SIZE;
        long end = (long) to * Byte.SIZE;
        long position = start;
        int done = 0;
        while (count - done >= STEPS * SYMBOLS && position <= end) {
            long next = (long) LONG.get(source, (int) (position >>> 3)) >>> (position & 7);
            for (int i = 0; i < STEPS; i++) {
                long entry = entries[(int) next & MASK];
                INT.set(target, done, (int) entry);
                done += (int) (entry >>> COUNT) & 0xFF;
                int bits = (int) (entry >>> BITS);
                next >>>= bits;
                position += bits;
            }
        }
        while (done < count && position <= end) {
            long next = (long) LONG.get(source, (int) (position >>> 3)) >>> (position & 7);
            byte symbol = (byte) entries[(int) next & MASK];
            target[done++] = symbol;
            position += lengths[symbol & 0xFF];
        }
        return done < count ? end - start + 1 : position - start;
    }
}
