package dev.quern.engine.format.quernsparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.method.BitPacking;
import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PrefixCodeTest {
    private final long seed = System.nanoTime();
    private final SplittableRandom random = new SplittableRandom(seed);

    /** The example of RFC 1951, 3.2.2; its words begin with the highest bit, ours with the lowest. */
    @Test
    void wordsAreThoseOfDeflate() {
        PrefixCode code = PrefixCode.read("p", new byte[] {3, 3, 3, 3, 3, 2, 4, 4});

        assertThat(code.words()).containsExactly(0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111);
    }

    @Test
    void noPrefixCodeIsShorter() {
        for (int trial = 0; trial < 50; trial++) {
            long[] counts = counts(1 << (2 + trial % 7));
            PrefixCode code = PrefixCode.of(counts);

            assertComplete(code);
            assertThat(code.bits(counts)).as("seed %d, trial %d", seed, trial).isEqualTo(huffman(counts));
        }
    }

    /** Without a limit the rarest symbols would have words of 63 bits. */
    @Test
    void noWordIsLongerThanTheTable() {
        long[] counts = new long[64];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = i < 2 ? 1 : counts[i - 1] + counts[i - 2];
        }
        PrefixCode code = PrefixCode.of(counts);

        assertComplete(code);
        assertThat(code.lengths()).doesNotContain((byte) 0);
        assertThat(code.lengths()[0]).isEqualTo((byte) PrefixCode.MAX_LENGTH);
        assertThat(code.lengths()[63]).isLessThanOrEqualTo((byte) 2);
    }

    @Test
    void oneSymbolHasAWordOfOneBit() {
        PrefixCode code = PrefixCode.of(new long[] {0, 0, 7, 0});

        assertComplete(code);
        assertThat(code.lengths()).containsExactly(1, 0, 1, 0);
        assertComplete(PrefixCode.of(new long[4]));
    }

    @Test
    void whatIsNoCodeIsRefusedByName() {
        assertThatThrownBy(() -> PrefixCode.read("p_lengths", new byte[] {1, 0, 2, 0}))
                .hasMessage("p_lengths: words take 3072/4096 of the code (expected: all of it)");
        assertThatThrownBy(() -> PrefixCode.read("p_lengths", new byte[] {1, 1, 1, 0}))
                .hasMessage("p_lengths: words take 6144/4096 of the code (expected: all of it)");
        assertThatThrownBy(() -> PrefixCode.read("p_lengths", new byte[4]))
                .hasMessage("p_lengths: words take 0/4096 of the code (expected: all of it)");
        assertThatThrownBy(() -> PrefixCode.read("p_lengths", new byte[] {1, -1, 0, 0}))
                .hasMessage("p_lengths[1]: 255 (expected: 0 to 12 bits)");
    }

    @Test
    void symbolsComeBackWhateverTheirNumber() {
        for (int trial = 0; trial < 200; trial++) {
            int bits = 2 + random.nextInt(7);
            byte[] symbols = symbols(bits, random.nextInt(200));
            CodedSymbols coded = CodedSymbols.of(
                    symbols, new int[] {0, symbols.length}, skewed(CodedSymbols.count(symbols, symbols.length, bits)));
            byte[] lengths = coded.lengths();
            assertThat(lengths).as("seed %d: in a prefix code", seed).isNotNull();
            byte[] source = Arrays.copyOf(coded.bytes(), coded.bytes().length + BitPacking.SLACK);
            byte[] target = new byte[symbols.length];
            long read = new PrefixTable(PrefixCode.read("p", lengths))
                    .decode(source, 0, coded.bytes().length, target, symbols.length);

            assertThat(target).as("seed %d, trial %d", seed, trial).isEqualTo(symbols);
            assertThat(Math.ceilDiv(read, Byte.SIZE)).isEqualTo(coded.bytes().length);
        }
    }

    /** As if most of a long text were the first symbol: short texts alone are never worth a code. */
    private static long[] skewed(long[] counts) {
        counts[0] += 1 << 20;
        return counts;
    }

    private byte[] symbols(int bits, int length) {
        byte[] symbols = new byte[length];
        for (int i = 0; i < length; i++) {
            // Small symbols more often than large ones.
            symbols[i] = (byte) random.nextInt(1 + random.nextInt(1 << bits));
        }
        return symbols;
    }

    /** Frequencies that no Huffman code would give a word longer than the limit. */
    private long[] counts(int symbols) {
        long[] counts = new long[symbols];
        for (int i = 0; i < symbols; i++) {
            counts[i] = random.nextInt(4) == 0 ? 0 : 100 + random.nextInt(1 + random.nextInt(1000));
        }
        counts[0] = counts[1] = 100;
        return counts;
    }

    /** Bits of a Huffman code without a limit: the sum of all inner nodes. */
    private static long huffman(long[] counts) {
        PriorityQueue<Long> nodes = new PriorityQueue<>();
        Arrays.stream(counts).filter(count -> count > 0).forEach(nodes::add);
        long bits = 0;
        while (nodes.size() > 1) {
            long inner = nodes.remove() + nodes.remove();
            bits += inner;
            nodes.add(inner);
        }
        return bits;
    }

    private static void assertComplete(PrefixCode code) {
        assertThat(PrefixCode.read("p", code.lengths()).lengths()).isSameAs(code.lengths());
    }
}
