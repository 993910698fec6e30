package dev.quern.engine.backend.java;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.Fitting;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.Outer;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.GroupFit;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The two-sided sweep of a panel by its definition: column after column, and within one from the top row down. */
final class JavaTwoSidedSweep {
    private final JavaRounding rounding;
    private final HostThreads threads;
    private final Panel panel;
    private final HostTensor w;
    private final Grid grid;
    private final @Nullable Fitting fitting;
    private final int[] groups;
    private final double[] pivots;
    private final double[] outerPivots;
    /** By column: inner[j][k] is the feedback of the error in column k to column j. */
    private final double[][] inner;
    /** By column: outer[i][k] is the feedback of what row k lost to row i. */
    private final double[][] outer;

    private final boolean single;

    JavaTwoSidedSweep(
            JavaRounding rounding, HostThreads threads, Panel panel, Outer side, Grid grid, @Nullable Fitting fitting) {
        this.rounding = rounding;
        this.threads = threads;
        this.panel = panel;
        this.grid = grid;
        this.fitting = fitting;
        groups = HostTensor.of(panel.groups()).ints();
        w = HostTensor.of(panel.w());
        pivots = HostTensor.of(panel.pivots()).row(0);
        outerPivots = HostTensor.of(side.pivots()).row(0);
        inner = JavaRounding.columns(HostTensor.of(panel.unit()));
        outer = JavaRounding.columns(HostTensor.of(side.unit()));
        single = w.dtype() == DType.F32;
    }

    void run(Tensor codes, Tensor errors, Tensor loss) {
        double[] losses = new double[w.cols()];
        for (int j = 0; j < losses.length; j++) {
            if (fitting != null && j % fitting.columns() == 0) {
                fit(j, Math.min(losses.length, j + fitting.columns()), fitting.importance(), HostTensor.of(errors));
            }
            losses[j] = column(j, HostTensor.of(codes), HostTensor.of(errors));
        }
        HostTensor.of(loss).addSum(losses);
    }

    private void fit(int from, int to, @Nullable Tensor importance, HostTensor errors) {
        HostTensor moved = like(w.rows(), to - from);
        threads.run(w.rows(), i -> {
            double[] error = errors.row(i);
            for (int j = from; j < to; j++) {
                moved.set(i, j - from, w.get(i, j) + dot(error, inner[j], from));
            }
        });
        Tensor unit = panel.unit().rows(from, to).cols(from, to);
        rounding.compensate(moved, panel.original().cols(from, to), unit, moved);
        int size = grid.options().groupSize();
        for (int j = from; j < to; j += size) {
            Tensor scales = grid.scales().cols(groups[j], groups[j] + 1);
            Tensor zeros = grid.zeros().cols(groups[j], groups[j] + 1);
            Tensor group = importance == null ? null : importance.cols(j, j + size);
            rounding.fitGrid(moved.cols(j - from, j - from + size), group, grid.options(), scales, zeros);
        }
    }

    private HostTensor like(int rows, int cols) {
        MemorySegment memory =
                MemorySegment.ofArray(new byte[rows * cols * w.dtype().bytes()]);
        return HostTensor.over(memory, w.dtype(), rows, cols);
    }

    private double column(int j, HostTensor codes, HostTensor errors) {
        double[] lost = new double[w.rows()];
        threads.run(lost.length, i -> lost[i] = w.get(i, j) + dot(errors.row(i), inner[j], j));
        double loss = 0;
        for (int i = 0; i < lost.length; i++) {
            double target = lost[i] + dot(lost, outer[i], i);
            double scale = HostTensor.of(grid.scales()).get(i, groups[j]);
            int zero = (int) HostTensor.of(grid.zeros()).get(i, groups[j]);
            int code = GroupFit.code(target, scale, zero, grid.options().top(), single);
            double quantized = stored((code - zero) * scale);
            codes.set(i, j, code);
            errors.set(i, j, HostTensor.of(panel.original()).get(i, j) - quantized);
            lost[i] = stored(lost[i] - quantized);
            w.set(i, j, lost[i]);
            loss += (target - quantized) * (target - quantized) * pivots[j] * outerPivots[i];
        }
        return loss;
    }

    private static double dot(double[] a, double[] b, int count) {
        double sum = 0;
        for (int k = 0; k < count; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }

    private double stored(double value) {
        return single ? (float) value : value;
    }
}
