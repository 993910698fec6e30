package dev.quern.engine.format.quernsparse;

import dev.quern.engine.method.BitPacking;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Symbols as they are written: a stream of bytes for each run, packed, or in a prefix code where that takes less. The
 * arrays are not copied.
 */
final class CodedSymbols {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private final int[] offsets;
    private final byte @Nullable [] lengths;

    private CodedSymbols(byte[] bytes, int[] offsets, byte @Nullable [] lengths) {
        this.bytes = bytes;
        this.offsets = offsets;
        this.lengths = lengths;
    }

    /** How often each symbol of so many bits occurs among the first ones. */
    static long[] count(byte[] symbols, int length, int bits) {
        long[] counts = new long[1 << bits];
        for (int i = 0; i < length; i++) {
            counts[symbols[i] & 0xFF]++;
        }
        return counts;
    }

    /** Bits of symbols in the cheaper of the two ways, but for what fills the last bytes of streams. */
    static long bits(long[] counts) {
        return Math.min(packedBits(counts), prefixBits(PrefixCode.of(counts), counts));
    }

    private static long packedBits(long[] counts) {
        return Arrays.stream(counts).sum() * width(counts);
    }

    private static int width(long[] counts) {
        return Integer.numberOfTrailingZeros(counts.length);
    }

    private static long prefixBits(PrefixCode code, long[] counts) {
        return code.bits(counts) + (long) counts.length * Byte.SIZE;
    }

    /**
     * @param symbols of one run after the other, possibly followed by others
     * @param starts where each run begins, and where the last one ends
     * @param counts of the symbols, by symbol
     */
    static CodedSymbols of(byte[] symbols, int[] starts, long[] counts) {
        PrefixCode code = PrefixCode.of(counts);
        return prefixBits(code, counts) < packedBits(counts)
                ? prefixed(symbols, starts, code, code.bits(counts))
                : packed(symbols, starts, width(counts));
    }

    private static CodedSymbols packed(byte[] symbols, int[] starts, int bits) {
        BitPacking packing = new BitPacking(bits, 1);
        int[] offsets = new int[starts.length];
        for (int run = 0; run + 1 < starts.length; run++) {
            offsets[run + 1] = offsets[run] + packing.rowBytes(starts[run + 1] - starts[run]);
        }
        byte[] bytes = new byte[offsets[offsets.length - 1]];
        for (int run = 0; run + 1 < starts.length; run++) {
            byte[] own = Arrays.copyOfRange(symbols, starts[run], starts[run + 1]);
            int length = offsets[run + 1] - offsets[run];
            System.arraycopy(packing.pack(own, 0, 1, own.length), 0, bytes, offsets[run], length);
        }
        return new CodedSymbols(bytes, offsets, null);
    }

    private static CodedSymbols prefixed(byte[] symbols, int[] starts, PrefixCode code, long bits) {
        int runs = starts.length - 1;
        byte[] bytes = new byte[Math.toIntExact(bits / Byte.SIZE + runs)];
        int[] offsets = new int[runs + 1];
        int[] words = code.words();
        for (int run = 0; run < runs; run++) {
            offsets[run + 1] = write(symbols, starts[run], starts[run + 1], words, code.lengths(), bytes, offsets[run]);
        }
        return new CodedSymbols(Arrays.copyOf(bytes, offsets[runs]), offsets, code.lengths());
    }

    /** Writes a run and fills its last byte with zeros; the end of what was written. */
    private static int write(byte[] symbols, int from, int to, int[] words, byte[] lengths, byte[] target, int offset) {
        long pending = 0;
        int filled = 0;
        int at = offset;
        for (int i = from; i < to; i++) {
            int symbol = symbols[i] & 0xFF;
            pending |= (long) words[symbol] << filled;
            filled += lengths[symbol];
            if (filled >= Integer.SIZE) {
                INT.set(target, at, (int) pending);
                at += Integer.BYTES;
                pending >>>= Integer.SIZE;
                filled -= Integer.SIZE;
            }
        }
        for (; filled > 0; filled -= Byte.SIZE) {
            target[at++] = (byte) pending;
            pending >>>= Byte.SIZE;
        }
        return at;
    }

    /** Bytes of all that is needed to read the symbols. */
    long size() {
        return bytes.length + (long) Integer.BYTES * offsets.length + (lengths == null ? 0 : lengths.length);
    }

    /** The streams, one after the other. */
    byte[] bytes() {
        return bytes;
    }

    /** Where each stream begins, and where the last one ends. */
    int[] offsets() {
        return offsets;
    }

    /** Those of {@link PrefixCode#lengths}; null where symbols are packed. */
    byte @Nullable [] lengths() {
        return lengths;
    }
}
