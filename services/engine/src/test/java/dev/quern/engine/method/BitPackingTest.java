package dev.quern.engine.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BitPackingTest {
    private static final int[] AWKWARD = {1, 2, 3, 7, 8, 9, 13, 16, 31, 32, 33, 63, 64, 65, 129};

    /** The definition: bit by bit, code i at bits [i b, i b + b) of its row. */
    private static byte[] defined(byte[] codes, int rows, int cols, BitPacking packing) {
        int bits = packing.bits();
        int word = packing.wordBytes();
        int rowBytes = Math.ceilDiv(cols * bits, 8 * word) * word;
        byte[] packed = new byte[rows * rowBytes];
        for (int r = 0; r < rows; r++) {
            for (int bit = 0; bit < cols * bits; bit++) {
                int value = codes[r * cols + bit / bits] >>> (bit % bits) & 1;
                packed[r * rowBytes + bit / 8] |= (byte) (value << bit % 8);
            }
        }
        return packed;
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "3, 1", "4, 1", "5, 1", "8, 1", "2, 4", "3, 4", "4, 4", "5, 4", "6, 4", "7, 4", "8, 4"})
    void packingIsTheDefinitionAndUnpackingItsInverse(int bits, int wordBytes) {
        BitPacking packing = new BitPacking(bits, wordBytes);
        Random random = new Random(bits);
        for (int cols : AWKWARD) {
            for (int rows : new int[] {1, 2, 5}) {
                byte[] codes = new byte[rows * cols];
                for (int i = 0; i < codes.length; i++) {
                    codes[i] = (byte) random.nextInt(1 << bits);
                }
                byte[] packed = packing.pack(codes, 0, rows, cols);
                byte[] expected = defined(codes, rows, cols, packing);

                assertThat(packing.bytes(rows, cols)).isEqualTo(expected.length);
                assertThat(Arrays.copyOf(packed, expected.length)).isEqualTo(expected);
                assertThat(packing.unpack(packed, rows, cols)).isEqualTo(codes);
                assertThat(packing.isPaddingZero(packed, rows, cols)).isTrue();
                assertThat(Arrays.copyOf(packing.pack(codes, rows - 1, 1, cols), packing.rowBytes(cols)))
                        .as("the last row alone")
                        .isEqualTo(Arrays.copyOfRange(
                                expected, expected.length - packing.rowBytes(cols), expected.length));
            }
        }
    }

    @Test
    void aCodeWithMoreBitsIsRefused() {
        for (int cols : new int[] {3, 8, 11}) {
            byte[] codes = new byte[cols];
            codes[cols - 1] = 8;
            assertThatThrownBy(() -> new BitPacking(3, 4).pack(codes, 0, 1, cols))
                    .hasMessage("codes: more than 3 bits (expected: 0 to 7)");
        }
    }

    @Test
    void bitsAfterARowAreSeen() {
        BitPacking packing = new BitPacking(3, 4);
        byte[] packed = packing.pack(new byte[6], 0, 2, 3);
        packed[5] |= 2;
        assertThat(packing.isPaddingZero(packed, 2, 3)).isFalse();
        packed[5] = 1;
        assertThat(packing.isPaddingZero(packed, 2, 3)).isTrue();
    }
}
