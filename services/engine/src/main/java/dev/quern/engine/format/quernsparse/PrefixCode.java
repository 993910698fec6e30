package dev.quern.engine.format.quernsparse;

import static dev.quern.engine.format.OutputReader.damaged;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A complete prefix code in which frequent symbols have short words. Words follow from their lengths as in Deflate (RFC
 * 1951, 3.2.2): shorter ones first, those of one length in the order of their symbols. They are written first bit
 * first, into the lowest free bit.
 */
final class PrefixCode {
    /** Bits of the longest word, so that a table of all next bits stays in the fastest cache. */
    static final int MAX_LENGTH = 12;

    private final byte[] lengths;

    private PrefixCode(byte[] lengths) {
        this.lengths = lengths;
    }

    /** Symbols whose words begin with the same bits, while lengths are sought. */
    private record Bundle(long count, List<Integer> symbols) {
        Bundle with(Bundle other) {
            List<Integer> both = new ArrayList<>(symbols);
            both.addAll(other.symbols);
            return new Bundle(count + other.count, both);
        }
    }

    /**
     * The shortest code for symbols that occur so often, within {@link #MAX_LENGTH}: package-merge (Larmore and
     * Hirschberg 1990). Where only one symbol occurs, another one gets a word as well, since the code is complete.
     *
     * @param counts by symbol; at least two symbols
     */
    static PrefixCode of(long[] counts) {
        List<Bundle> symbols = new ArrayList<>();
        for (int symbol = 0; symbol < counts.length; symbol++) {
            if (counts[symbol] > 0) {
                symbols.add(new Bundle(counts[symbol], List.of(symbol)));
            }
        }
        for (int symbol = 0; symbols.size() < 2; symbol++) {
            if (counts[symbol] == 0) {
                symbols.add(new Bundle(0, List.of(symbol)));
            }
        }
        symbols.sort(Comparator.comparingLong(Bundle::count));
        List<Bundle> level = symbols;
        for (int length = 1; length < MAX_LENGTH; length++) {
            level = merged(symbols, level);
        }
        byte[] lengths = new byte[counts.length];
        level.subList(0, 2 * symbols.size() - 2).forEach(each -> each.symbols().forEach(symbol -> lengths[symbol]++));
        return new PrefixCode(lengths);
    }

    /** The symbols, and pairs of what was there before, by count. */
    private static List<Bundle> merged(List<Bundle> symbols, List<Bundle> before) {
        List<Bundle> all = new ArrayList<>(symbols);
        for (int i = 0; i + 1 < before.size(); i += 2) {
            all.add(before.get(i).with(before.get(i + 1)));
        }
        // A stable sort: of equal counts symbols come first.
        all.sort(Comparator.comparingLong(Bundle::count));
        return all;
    }

    /**
     * The code with these lengths.
     *
     * @param tensor that holds them
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED when they are not those of a complete code
     */
    static PrefixCode read(String tensor, byte[] lengths) {
        long room = 0;
        for (int symbol = 0; symbol < lengths.length; symbol++) {
            int length = lengths[symbol] & 0xFF;
            if (length > MAX_LENGTH) {
                throw damaged("%s[%d]: %d (expected: 0 to %d bits)".formatted(tensor, symbol, length, MAX_LENGTH));
            }
            room += length == 0 ? 0 : 1L << (MAX_LENGTH - length);
        }
        if (room != 1 << MAX_LENGTH) {
            throw damaged(
                    "%s: words take %d/%d of the code (expected: all of it)".formatted(tensor, room, 1 << MAX_LENGTH));
        }
        return new PrefixCode(lengths);
    }

    /** Bits of the word of each symbol; 0 for one that has none. Not a copy. */
    byte[] lengths() {
        return lengths;
    }

    /** Bits of all symbols that are counted here. */
    long bits(long[] counts) {
        long bits = 0;
        for (int symbol = 0; symbol < counts.length; symbol++) {
            bits += counts[symbol] * lengths[symbol];
        }
        return bits;
    }

    /** The word of each symbol, its first bit lowest. */
    int[] words() {
        int[] next = firstWords();
        int[] words = new int[lengths.length];
        for (int symbol = 0; symbol < lengths.length; symbol++) {
            int length = lengths[symbol];
            if (length > 0) {
                words[symbol] = Integer.reverse(next[length]++) >>> (Integer.SIZE - length);
            }
        }
        return words;
    }

    /** The first word of each length, its last bit lowest. */
    private int[] firstWords() {
        int[] counts = new int[MAX_LENGTH + 1];
        for (byte length : lengths) {
            counts[length]++;
        }
        counts[0] = 0;
        int[] first = new int[MAX_LENGTH + 1];
        for (int length = 1; length <= MAX_LENGTH; length++) {
            first[length] = (first[length - 1] + counts[length - 1]) << 1;
        }
        return first;
    }
}
