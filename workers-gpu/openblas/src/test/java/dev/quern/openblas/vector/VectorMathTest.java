package dev.quern.openblas.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VectorMathTest {
    /** Every 977th float: both signs, denormal to infinite, and NaN. */
    @Test
    void expIsWithinTwoUnitsInTheLastPlace() {
        for (long bits = 0; bits < 1L << 32; bits += 977) {
            float x = Float.intBitsToFloat((int) bits);
            double exact = StrictMath.exp(x);
            float actual = VectorMath.exp(x);
            if (Double.isNaN(exact) || (float) exact == Float.POSITIVE_INFINITY) {
                assertThat(actual).as("exp(%s)", x).isEqualTo((Float) (float) exact);
            } else {
                assertThat(Math.abs(actual - exact))
                        .as("exp(%s) = %s", x, actual)
                        .isLessThanOrEqualTo(2 * (double) Math.ulp((float) exact));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 8, 13, 127, 129, 257})
    void lanesAndTailHaveTheSameBits(int n) {
        float[] x = floats(n);
        float[] target = new float[n];
        // Compiled code too: the second half of the rounds runs it.
        for (int round = 0; round < 4000; round++) {
            VectorMath.exp(x, 1.5f, 0.25f, target, n);
            for (int i = 0; i < n && round % 500 == 0; i++) {
                assertThat(target[i]).isEqualTo(VectorMath.exp((x[i] - 0.25f) * 1.5f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 8, 13, 127, 129, 257})
    void softmaxSumsToOneAndKeepsTheOrder(int n) {
        float[] x = floats(n);
        float[] p = x.clone();
        VectorMath.softmax(p, n);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += p[i];
            assertThat(p[i] > p[0]).isEqualTo(x[i] > x[0] && p[i] != p[0]);
        }
        assertThat(sum).isBetween(1 - 1e-6, 1 + 1e-6);
    }

    @Test
    void aNanReachesTheMaximumAndAllOfASoftmax() {
        for (int at : new int[] {0, 20, 36}) {
            float[] x = floats(37);
            x[at] = Float.NaN;
            assertThat(VectorMath.max(x, 37)).isNaN();
            VectorMath.softmax(x, 37);
            assertThat(x).containsOnly(Float.NaN);
        }
    }

    private static float[] floats(int n) {
        Random random = new Random(n);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian() * 10;
        }
        return x;
    }
}
