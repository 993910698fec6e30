package dev.quern.engine.format.compressedtensors;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ColumnsTest {
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 6, 7, 8})
    void unpackingIsTheInverse(int bits) {
        Random random = new Random(bits);
        for (int rows : new int[] {1, 5, 31, 32, 33, 65}) {
            for (int groups : new int[] {1, 2, 7}) {
                byte[] codes = new byte[rows * groups];
                for (int i = 0; i < codes.length; i++) {
                    codes[i] = (byte) random.nextInt(1 << bits);
                }
                byte[] columns = Columns.pack(codes, rows, groups, bits);
                assertThat(Columns.unpack(columns, rows, groups, bits)).isEqualTo(codes);
                assertThat(Columns.isPaddingZero(columns, rows, groups, bits)).isTrue();
            }
        }
    }
}
