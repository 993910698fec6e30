package dev.quern.engine.method;

import java.util.Arrays;

/**
 * {@code w[r, c] = (codes[r, c] - zeros[r, g]) * scales[r, g]} with g = c / groupSize, all in host memory, row-major.
 * The arrays are not copied: they belong to this object and must not be changed.
 */
public final class IntegerGrid implements Core {
    private final int bits;
    private final int groupSize;
    private final boolean symmetric;
    private final byte[] codes;
    private final byte[] zeros;
    private final float[] scales;

    /**
     * @param groupSize columns that share a scale; 0 is one scale per row
     * @param codes unsigned, 0 .. 2^bits - 1, [rows, cols]
     * @param zeros unsigned, likewise, [rows, groups]; all 2^(bits-1) when symmetric
     * @param scales exact in bf16 and in f16, [rows, groups]
     */
    public IntegerGrid(int bits, int groupSize, boolean symmetric, byte[] codes, byte[] zeros, float[] scales) {
        if (zeros.length != scales.length) {
            throw new IllegalArgumentException("zeros: " + zeros.length + " (expected: " + scales.length + ")");
        }
        this.bits = bits;
        this.groupSize = groupSize;
        this.symmetric = symmetric;
        this.codes = codes;
        this.zeros = zeros;
        this.scales = scales;
    }

    @Override
    public IntegerShape shape() {
        return new IntegerShape(bits, groupSize, symmetric);
    }

    public int bits() {
        return bits;
    }

    /** 0 is one scale per row. */
    public int groupSize() {
        return groupSize;
    }

    public boolean symmetric() {
        return symmetric;
    }

    /** [rows, cols]; not a copy. */
    public byte[] codes() {
        return codes;
    }

    /** [rows, groups]; not a copy. */
    public byte[] zeros() {
        return zeros;
    }

    /** [rows, groups]; not a copy. */
    public float[] scales() {
        return scales;
    }

    /**
     * How many weights are zero: their code is the zero point of their group, or its scale is 0.
     *
     * @param cols of a row
     */
    long zeroWeights(int cols) {
        int columns = groupSize == 0 ? cols : groupSize;
        long count = 0;
        for (int group = 0; group < zeros.length; group++) {
            for (int at = group * columns; at < (group + 1) * columns; at++) {
                if (codes[at] == zeros[group] || scales[group] == 0) {
                    count++;
                }
            }
        }
        return count;
    }

    @Override
    public boolean sameAs(Core other) {
        return switch (other) {
            case IntegerGrid grid ->
                shape().equals(grid.shape())
                        && Arrays.equals(codes, grid.codes)
                        && Arrays.equals(zeros, grid.zeros)
                        && Arrays.equals(scales, grid.scales);
        };
    }
}
