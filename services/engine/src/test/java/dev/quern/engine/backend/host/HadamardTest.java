package dev.quern.engine.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rows and columns of a matrix are turned alike, and Q is orthogonal where F is a Hadamard matrix. */
class HadamardTest {
    private static final double[][] ONE = {{1}};
    private static final double[][] TWO = {{1, 1}, {1, -1}};

    private final Random random = new Random(1);

    @Test
    void columnsTurnAsRowsDo() {
        for (int n : new int[] {1, 2, 4, 8, 16, 32, 128}) {
            for (double[][] factor : n == 1 ? new double[][][] {ONE} : new double[][][] {ONE, TWO}) {
                Hadamard hadamard = new Hadamard(signs(n), factor);
                double[] columns = random.doubles(n * 70L, -1, 1).toArray();
                double[] rows = transposed(columns, n, 70);
                hadamard.turn(columns, 0, 70);
                for (int row = 0; row < 70; row++) {
                    hadamard.turn(rows, row * n, 1);
                }
                double[] turned = transposed(columns, n, 70);
                for (int i = 0; i < rows.length; i++) {
                    assertThat(rows[i]).isCloseTo(turned[i], within(1e-14));
                }
            }
        }
    }

    @Test
    void productsStayWhatTheyWere() {
        Hadamard hadamard = new Hadamard(signs(64), TWO);
        double[] x = random.doubles(64, -1, 1).toArray();
        double[] w = random.doubles(64, -1, 1).toArray();
        double before = dot(x, w);
        hadamard.turn(x, 0, 1);
        hadamard.turn(w, 0, 1);
        assertThat(dot(x, w)).isCloseTo(before, within(1e-13));
    }

    private double[] signs(int n) {
        return random.ints(n, 0, 2).mapToDouble(bit -> 2 * bit - 1).toArray();
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[] transposed(double[] values, int rows, int cols) {
        double[] result = new double[values.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                result[c * rows + r] = values[r * cols + c];
            }
        }
        return result;
    }
}
