package dev.quern.openblas.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.host.HostTensor;
import java.lang.foreign.Arena;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the tensors' own element access, in parts of rows that begin and end anywhere. */
class RowsTest {
    private final RandomGenerator random = RandomGenerator.getDefault();

    @ParameterizedTest
    @CsvSource({
        "F64, 1",
        "F32, 1023",
        "F32, 1024",
        "F32, 2500",
        "BF16, 3",
        "BF16, 1025",
        "BF16, 3000",
        "F16, 1024",
        "F16, 2049"
    })
    void movesEveryElement(DType dtype, int cols) {
        try (Arena arena = Arena.ofConfined()) {
            int stride = cols + 5;
            HostTensor wide = HostTensor.over(arena.allocate(3L * stride * dtype.bytes()), dtype, 3, stride);
            HostTensor part = wide.cols(2, 2 + cols);
            double[] given = random.doubles(cols, -3, 3).toArray();
            double[] doubles = new double[cols];

            Rows.write(given, part, 1);
            Rows.read(part, 1, doubles);

            for (int i = 0; i < cols; i++) {
                assertThat(doubles[i]).isEqualTo(part.get(1, i));
                wide.set(0, i, given[i]);
                assertThat(doubles[i]).as("rounded as one element is").isEqualTo(wide.get(0, i));
            }
            assertThat(wide.get(1, 1)).isZero();
            assertThat(wide.get(1, cols + 2)).isZero();
            if (dtype != DType.F64) {
                movesFloats(part, wide, cols);
            }
        }
    }

    private void movesFloats(HostTensor part, HostTensor wide, int cols) {
        float[] given = new float[cols];
        for (int i = 0; i < cols; i++) {
            given[i] = random.nextFloat(-3, 3);
        }
        float[] floats = new float[cols];

        Rows.write(given, part, 2);
        Rows.read(part, 2, floats);

        for (int i = 0; i < cols; i++) {
            wide.set(0, i, given[i]);
            assertThat((double) floats[i]).isEqualTo(part.get(2, i)).isEqualTo(wide.get(0, i));
        }
        assertThat(wide.get(2, 1)).isZero();
        assertThat(wide.get(2, cols + 2)).isZero();
    }
}
