package dev.quern.engine.backend.host;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.Grid;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * One row that is rounded on its support, from the first column of the order to the last. Its factor is that of H on
 * the kept columns from the last to the first, {@code H = L Lᵀ} with L lower triangular: the row of L that belongs to a
 * column then holds what the error of that column does to those after it.
 */
public final class SupportRow {
    private final Grid grid;
    private final boolean single;
    private final int[] order;
    private double[] weights = {};
    private double[] scales = {};
    private double[] zeros = {};
    private double[] codes = {};
    private int[] columns = {};

    /** A factor L. */
    @FunctionalInterface
    public interface Factor {
        /** Writes a row, {@code index + 1} elements or more, into the target. */
        void read(int index, double[] target);
    }

    /** @param order the column that is rounded j-th */
    public SupportRow(Grid grid, DType working, int[] order) {
        this.grid = grid;
        this.single = working == DType.F32;
        this.order = order;
    }

    /** For a factor that does not exist. */
    public static IllegalArgumentException notPositive(int row) {
        return new IllegalArgumentException("h: on the support of row " + row + " (expected: positive definite)");
    }

    /** Takes a row. */
    public void load(int row, HostTensor mask, HostTensor w) {
        double[] kept = mask.row(row);
        weights = w.row(row);
        scales = HostTensor.of(grid.scales()).row(row);
        zeros = HostTensor.of(grid.zeros()).row(row);
        columns = IntStream.rangeClosed(1, order.length)
                .map(back -> order[order.length - back])
                .filter(column -> kept[column] != 0)
                .toArray();
    }

    /** The kept columns, from the last to the first in the order: those of the factor. */
    public int[] columns() {
        return columns;
    }

    /** The codes of the row, once it is rounded; of zero where nothing is kept. */
    public double[] codes() {
        return codes;
    }

    /** @return Σ (c_j - q_j)² V_jj² */
    public double round(Factor factor) {
        codes = new double[order.length];
        Arrays.setAll(codes, column -> zeros[group(column)]);
        double[] feedback = new double[columns.length];
        double[] line = new double[columns.length];
        double loss = 0;
        for (int i = columns.length - 1; i >= 0; i--) {
            factor.read(i, line);
            int column = columns[i];
            double target = weights[column] + feedback[i] / line[i];
            double quantized = quantize(column, target);
            loss += (target - quantized) * (target - quantized) * line[i] * line[i];
            double error = stored(weights[column] - quantized);
            for (int j = 0; j < i; j++) {
                feedback[j] += error * line[j];
            }
        }
        return loss;
    }

    private double quantize(int column, double target) {
        double scale = scales[group(column)];
        int zero = (int) zeros[group(column)];
        int code = GroupFit.code(target, scale, zero, grid.options().top(), single);
        codes[column] = code;
        return stored((code - zero) * scale);
    }

    private int group(int column) {
        return column / grid.options().groupSize();
    }

    private double stored(double value) {
        return single ? (float) value : value;
    }
}
