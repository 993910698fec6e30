package dev.quern.bench.sparse;

import dev.quern.engine.method.IntegerGrid;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Codes as a pruned result has them: Gaussian weights, the smaller ones of each row pruned by magnitude, the others
 * rounded to a symmetric grid over the largest of their group.
 *
 * @param groupSize 0 is one scale per row
 * @param pattern 2 prunes two of every four weights, 1 half of each row, 0 none
 */
record PrunedLinear(int rows, int cols, int bits, int groupSize, int pattern) {
    String title() {
        String pruned = pattern == 2 ? "2 of 4 kept" : pattern == 1 ? "half kept" : "all kept";
        return bits + " bits, " + (groupSize == 0 ? "one scale per row" : "groups of " + groupSize) + ", " + pruned;
    }

    IntegerGrid make(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int columns = groupSize == 0 ? cols : groupSize;
        byte[] codes = new byte[rows * cols];
        float[] scales = new float[rows * cols / columns];
        byte[] zeros = new byte[scales.length];
        Arrays.fill(zeros, (byte) (1 << (bits - 1)));
        double[] row = new double[cols];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                row[c] = random.nextGaussian();
            }
            prune(row);
            for (int first = 0; first < cols; first += columns) {
                int scale = (r * cols + first) / columns;
                scales[scale] = round(row, first, columns, codes, r * cols + first);
            }
        }
        return new IntegerGrid(bits, groupSize, true, codes, zeros, scales);
    }

    private void prune(double[] row) {
        if (pattern == 1) {
            pruneBelow(row, 0, cols, cols / 2);
        }
        for (int c = 0; pattern == 2 && c < cols; c += 4) {
            pruneBelow(row, c, 4, 2);
        }
    }

    private static void pruneBelow(double[] row, int first, int length, int pruned) {
        double[] sizes = new double[length];
        for (int i = 0; i < length; i++) {
            sizes[i] = Math.abs(row[first + i]);
        }
        Arrays.sort(sizes);
        for (int i = first; i < first + length; i++) {
            if (Math.abs(row[i]) < sizes[pruned]) {
                row[i] = 0;
            }
        }
    }

    /** The scale, which bf16 holds. */
    private float round(double[] row, int first, int columns, byte[] codes, int at) {
        int zero = 1 << (bits - 1);
        double largest = 0;
        for (int c = first; c < first + columns; c++) {
            largest = Math.max(largest, Math.abs(row[c]));
        }
        float exact = (float) (largest / (zero - 0.5));
        float scale = Float.intBitsToFloat(Float.floatToRawIntBits(exact) & 0xFFFF0000);
        for (int i = 0; i < columns; i++) {
            codes[at + i] = (byte) Math.clamp(zero + Math.round(row[first + i] / scale), 0, 2 * zero - 1);
        }
        return scale;
    }
}
