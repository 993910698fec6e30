package dev.quern.engine.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitPackingTest {
    private static final int[] AWKWARD = {1, 2, 3, 7, 8, 9, 13, 16, 31, 32, 33, 63, 64, 65, 129};

    /** The definition: bit by bit, code i at bits [i b, i b + b) of its row. */
    private static byte[] defined(byte[] codes, int rows, int cols, int bits) {
        int rowBytes = Math.ceilDiv(cols * bits, 32) * 4;
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
    @ValueSource(ints = {2, 3, 4, 5, 6, 7, 8})
    void packingIsTheDefinitionAndUnpackingItsInverse(int bits) {
        Random random = new Random(bits);
        for (int cols : AWKWARD) {
            for (int rows : new int[] {1, 2, 5}) {
                byte[] codes = new byte[rows * cols];
                for (int i = 0; i < codes.length; i++) {
                    codes[i] = (byte) random.nextInt(1 << bits);
                }
                byte[] packed = BitPacking.pack(codes, rows, cols, bits);
                byte[] expected = defined(codes, rows, cols, bits);

                assertThat(Arrays.copyOf(packed, expected.length)).isEqualTo(expected);
                assertThat(BitPacking.unpack(packed, rows, cols, bits)).isEqualTo(codes);
                assertThat(BitPacking.isPaddingZero(packed, rows, cols, bits)).isTrue();

                byte[] columns = Columns.pack(codes, rows, cols, bits);
                assertThat(Columns.unpack(columns, rows, cols, bits)).isEqualTo(codes);
                assertThat(Columns.isPaddingZero(columns, rows, cols, bits)).isTrue();
            }
        }
    }

    @Test
    void aCodeWithMoreBitsIsRefused() {
        for (int cols : new int[] {3, 8, 11}) {
            byte[] codes = new byte[cols];
            codes[cols - 1] = 8;
            assertThatThrownBy(() -> BitPacking.pack(codes, 1, cols, 3))
                    .hasMessage("codes: more than 3 bits (expected: 0 to 7)");
        }
    }

    @Test
    void bitsAfterARowAreSeen() {
        byte[] packed = BitPacking.pack(new byte[6], 2, 3, 3);
        packed[5] |= 2;
        assertThat(BitPacking.isPaddingZero(packed, 2, 3, 3)).isFalse();
        packed[5] = 1;
        assertThat(BitPacking.isPaddingZero(packed, 2, 3, 3)).isTrue();
    }
}
