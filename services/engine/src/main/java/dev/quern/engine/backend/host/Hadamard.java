package dev.quern.engine.backend.host;

import java.util.Arrays;

/**
 * Products with a randomised Hadamard matrix {@code Q = diag(signs) (F ⊗ W) / √n} in float64, where F is a Hadamard
 * matrix of order k and W Walsh's of order 2^p, with {@code n = k 2^p}. W takes p additions per element and F takes k,
 * in one fixed order, so a product has the same bits wherever it is made.
 */
public final class Hadamard {
    /** Columns that F is multiplied with at a time: k rows of them stay in the first-level cache. */
    private static final int CHUNK = 64;

    private final double[] scaledSigns;
    /** F by column. */
    private final double[][] factor;
    /** The order of W. */
    private final int inner;

    /**
     * @param signs n times 1 or -1
     * @param factor F, row by row; its order divides n, and what is left is a power of two
     */
    public Hadamard(double[] signs, double[][] factor) {
        // An F of order 1 is a sign of all.
        double scale = (factor.length == 1 ? factor[0][0] : 1) / Math.sqrt(signs.length);
        this.scaledSigns = Arrays.stream(signs).map(sign -> sign * scale).toArray();
        this.factor = new double[factor.length][factor.length];
        for (int row = 0; row < factor.length; row++) {
            for (int col = 0; col < factor.length; col++) {
                this.factor[col][row] = factor[row][col];
            }
        }
        this.inner = signs.length / factor.length;
    }

    /** n. */
    public int size() {
        return scaledSigns.length;
    }

    /**
     * Multiplies vectors x by Q, in place: {@code x Q}. They stand side by side, element i of vector c at {@code from +
     * i * width + c}. So a row of a matrix is turned with a width of 1, and all its columns, of as many elements as Q
     * has, with their number as the width.
     */
    public void turn(double[] values, int from, int width) {
        int length = inner * width;
        int at = from;
        for (double sign : scaledSigns) {
            scale(values, at, width, sign);
            at += width;
        }
        for (int part = 0; part < factor.length; part++) {
            walsh(values, from + part * length, length, width);
        }
        if (factor.length > 1) {
            mix(values, from, length);
        }
    }

    private static void scale(double[] values, int from, int width, double factor) {
        for (int i = from; i < from + width; i++) {
            values[i] *= factor;
        }
    }

    private static void walsh(double[] values, int from, int length, int width) {
        int run = width;
        if (width == 1 && length >= 8) {
            for (int at = from; at < from + length; at += 8) {
                eight(values, at);
            }
            run = 8;
        }
        for (; 4 * run <= length; run *= 4) {
            for (int at = from; at < from + length; at += 4 * run) {
                fours(values, at, run);
            }
        }
        if (run < length) {
            pairs(values, from, run);
        }
    }

    /** Three steps on eight neighbours, where loops over runs would be too short. */
    private static void eight(double[] values, int at) {
        fours(values, at, 1);
        fours(values, at + 4, 1);
        for (int i = at; i < at + 4; i++) {
            double first = values[i];
            double second = values[i + 4];
            values[i] = first + second;
            values[i + 4] = first - second;
        }
    }

    /** Two steps on four runs that follow each other. */
    private static void fours(double[] values, int from, int run) {
        for (int i = from; i < from + run; i++) {
            double first = values[i] + values[i + run];
            double second = values[i] - values[i + run];
            double third = values[i + 2 * run] + values[i + 3 * run];
            double fourth = values[i + 2 * run] - values[i + 3 * run];
            values[i] = first + third;
            values[i + run] = second + fourth;
            values[i + 2 * run] = first - third;
            values[i + 3 * run] = second - fourth;
        }
    }

    private static void pairs(double[] values, int from, int run) {
        for (int i = from; i < from + run; i++) {
            double first = values[i];
            double second = values[i + run];
            values[i] = first + second;
            values[i + run] = first - second;
        }
    }

    /** Multiplies by F: each part of the given length becomes a signed sum of all parts. */
    private void mix(double[] values, int from, int length) {
        int order = factor.length;
        double[] before = new double[order * CHUNK];
        double[] sum = new double[CHUNK];
        for (int start = 0; start < length; start += CHUNK) {
            int width = Math.min(CHUNK, length - start);
            for (int part = 0; part < order; part++) {
                System.arraycopy(values, from + part * length + start, before, part * CHUNK, width);
            }
            for (int part = 0; part < order; part++) {
                sum(factor[part], before, sum);
                System.arraycopy(sum, 0, values, from + part * length + start, width);
            }
        }
    }

    /** Four terms at a time: the sum is loaded and stored once for all of them. */
    private static void sum(double[] factors, double[] parts, double[] sum) {
        Arrays.fill(sum, 0);
        int part = 0;
        for (; part + 4 <= factors.length; part += 4) {
            int at = part * CHUNK;
            double first = factors[part];
            double second = factors[part + 1];
            double third = factors[part + 2];
            double fourth = factors[part + 3];
            for (int i = 0; i < CHUNK; i++) {
                sum[i] += first * parts[at + i]
                        + second * parts[at + CHUNK + i]
                        + (third * parts[at + 2 * CHUNK + i] + fourth * parts[at + 3 * CHUNK + i]);
            }
        }
        for (; part < factors.length; part++) {
            for (int i = 0; i < CHUNK; i++) {
                sum[i] += factors[part] * parts[part * CHUNK + i];
            }
        }
    }
}
