package dev.quern.engine.backend.host;

import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Hadamard matrices by the constructions of Paley (1933), for sizes that are no powers of two: {@code n = k 2^p} with
 * one of order k. Order q + 1 comes from a prime q of the form 4i + 3, order 2 (q + 1) from one of the form 4i + 1.
 */
public final class HadamardFactors {
    /** A product with a larger one would cost more than it is worth. */
    private static final int LARGEST = 512;

    private HadamardFactors() {}

    /** The smallest matrix whose order divides n and leaves a power of two; empty where none is known. */
    public static Optional<double[][]> of(int n) {
        int odd = n >> Integer.numberOfTrailingZeros(n);
        if (odd == 1) {
            return Optional.of(new double[][] {{1}});
        }
        for (int order = 4 * odd; order <= Math.min(n, LARGEST) && n % order == 0; order *= 2) {
            if (isKnown(order)) {
                return Optional.of(matrix(order));
            }
        }
        return Optional.empty();
    }

    /** The sizes there are, for messages. */
    public static String sizes() {
        return "k * 2^p with k one of 1, "
                + IntStream.rangeClosed(12, LARGEST)
                        .filter(order -> order % 4 == 0 && Integer.bitCount(order) > 1 && isKnown(order))
                        .filter(order -> order % 8 != 0 || !isKnown(order / 2))
                        .mapToObj(String::valueOf)
                        .collect(Collectors.joining(", "));
    }

    private static boolean isKnown(int order) {
        return isFirst(order) || isSecond(order);
    }

    private static boolean isFirst(int order) {
        return order % 4 == 0 && isPrime(order - 1);
    }

    private static boolean isSecond(int order) {
        return order % 4 == 0 && (order / 2 - 1) % 4 == 1 && isPrime(order / 2 - 1);
    }

    private static boolean isPrime(int n) {
        return n > 1 && IntStream.iterate(2, d -> d * d <= n, d -> d + 1).allMatch(d -> n % d != 0);
    }

    private static double[][] matrix(int order) {
        return isFirst(order) ? first(order) : second(order);
    }

    /** {@code I + S} with S skew: {@code S Sᵀ = q I}. */
    private static double[][] first(int order) {
        double[][] h = bordered(order - 1, -1);
        for (int i = 0; i < order; i++) {
            h[i][i] = 1;
        }
        return h;
    }

    /** {@code S ⊗ (1 1; 1 -1) + I ⊗ (1 -1; -1 -1)} with S symmetric: {@code S Sᵀ = q I}. */
    private static double[][] second(int order) {
        double[][] s = bordered(order / 2 - 1, 1);
        double[][] h = new double[order][order];
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) {
                boolean last = i % 2 == 1 && j % 2 == 1;
                double diagonal = i % 2 == 0 && j % 2 == 0 ? 1 : -1;
                h[i][j] = i / 2 == j / 2 ? diagonal : (last ? -1 : 1) * s[i / 2][j / 2];
            }
        }
        return h;
    }

    /** The characters of all differences modulo q, with a row of ones above them and a column beside them. */
    private static double[][] bordered(int q, int column) {
        int[] character = new int[q];
        for (int i = 1; i < q; i++) {
            character[i] = -1;
        }
        for (int i = 1; i < q; i++) {
            character[(int) ((long) i * i % q)] = 1;
        }
        double[][] s = new double[q + 1][q + 1];
        for (int i = 1; i <= q; i++) {
            s[0][i] = 1;
            s[i][0] = column;
            for (int j = 1; j <= q; j++) {
                s[i][j] = character[Math.floorMod(i - j, q)];
            }
        }
        return s;
    }
}
