package dev.quern.engine.format.quernsparse;

import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Linears with zeros, for tests. */
final class SparseLinears {
    private SparseLinears() {}

    /**
     * Codes of which a share is not zero, small ones more often than large ones.
     *
     * @param density 0 to 1
     */
    static CompressedLinear random(
            LinearId id, int rows, int cols, IntegerShape grid, double density, SplittableRandom random) {
        int groups = grid.groups(cols);
        int middle = 1 << (grid.bits() - 1);
        byte[] zeros = new byte[rows * groups];
        float[] scales = new float[zeros.length];
        for (int i = 0; i < zeros.length; i++) {
            zeros[i] = (byte) (grid.symmetric() ? middle : zero(middle, random));
            scales[i] = (128 + random.nextInt(128)) * 0x1p-14f;
        }
        byte[] codes = new byte[rows * cols];
        for (int i = 0; i < codes.length; i++) {
            int zero = zeros[i / cols * groups + i % cols / grid.columns(cols)] & 0xFF;
            int code = zero + (int) Math.round(random.nextGaussian() * (1 << grid.bits()) / 6);
            boolean kept = random.nextDouble() < density;
            codes[i] = (byte) (kept ? Math.clamp(code, 0, (1 << grid.bits()) - 1) : zero);
        }
        return linear(id, rows, cols, grid, codes, zeros, scales);
    }

    /** Near the middle, and now and then anywhere. */
    private static int zero(int middle, SplittableRandom random) {
        return random.nextInt(16) == 0 ? random.nextInt(2 * middle) : middle - 1 + random.nextInt(3);
    }

    /** Gaussian weights, the smaller half of each row pruned, rounded to a symmetric grid over the largest of a row. */
    static CompressedLinear pruned(LinearId id, int rows, int cols, IntegerShape grid, SplittableRandom random) {
        int groups = grid.groups(cols);
        int columns = grid.columns(cols);
        int zero = 1 << (grid.bits() - 1);
        byte[] zeros = new byte[rows * groups];
        Arrays.fill(zeros, (byte) zero);
        float[] scales = new float[zeros.length];
        byte[] codes = new byte[rows * cols];
        for (int r = 0; r < rows; r++) {
            double[] row = new double[cols];
            Arrays.setAll(row, c -> random.nextGaussian());
            double median = Arrays.stream(row).map(Math::abs).sorted().toArray()[cols / 2];
            for (int g = 0; g < groups; g++) {
                double[] group = Arrays.copyOfRange(row, g * columns, (g + 1) * columns);
                double largest = Arrays.stream(group).map(Math::abs).max().orElseThrow();
                float scale =
                        Float.intBitsToFloat(Float.floatToRawIntBits((float) (largest / (zero - 0.5))) & 0xFFFF0000);
                scales[r * groups + g] = scale;
                for (int c = 0; c < columns; c++) {
                    int code = zero + (int) Math.round(group[c] / scale);
                    boolean kept = Math.abs(group[c]) >= median;
                    codes[r * cols + g * columns + c] = (byte) (kept ? Math.clamp(code, 0, 2 * zero - 1) : zero);
                }
            }
        }
        return linear(id, rows, cols, grid, codes, zeros, scales);
    }

    static CompressedLinear linear(
            LinearId id, int rows, int cols, IntegerShape grid, byte[] codes, byte[] zeros, float[] scales) {
        return new CompressedLinear(
                id, rows, cols, new IntegerGrid(grid.bits(), grid.groupSize(), grid.symmetric(), codes, zeros, scales));
    }
}
