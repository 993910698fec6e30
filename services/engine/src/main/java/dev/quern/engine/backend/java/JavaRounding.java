package dev.quern.engine.backend.java;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.RoundingChecks;
import dev.quern.engine.backend.host.GroupFit;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.backend.host.SmallFloats;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Grids and GPTQ's sweep by their definitions, a row at a time: rows do not depend on each other. */
public final class JavaRounding implements Rounding {
    private final HostThreads threads;

    public JavaRounding(HostThreads threads) {
        this.threads = threads;
    }

    @Override
    public void fitGrid(Tensor w, @Nullable Tensor importance, GridOptions grid, Tensor scales, Tensor zeros) {
        RoundingChecks.fitGrid(w, importance, grid, scales, zeros);
        HostTensor weights = HostTensor.of(w);
        double @Nullable [] columns =
                importance == null ? null : HostTensor.of(importance).row(0);
        GroupFit fit = new GroupFit(grid, w.dtype(), columns != null);
        threads.run(w.rows(), r -> {
            double[] row = weights.row(r);
            for (int g = 0; g < scales.cols(); g++) {
                int from = g * grid.groupSize();
                double[] group = Arrays.copyOfRange(row, from, from + grid.groupSize());
                GroupFit.Fitted fitted = fit.fit(
                        Arrays.stream(group).min().orElseThrow(),
                        Arrays.stream(group).max().orElseThrow(),
                        (scale, zero) -> columns == null
                                ? error(group, grid, scale, zero)
                                : error(group, columns, from, grid, scale, zero));
                HostTensor.of(scales).set(r, g, fitted.scale());
                HostTensor.of(zeros).set(r, g, fitted.zero());
            }
        });
    }

    private static double error(double[] group, GridOptions grid, double scale, int zero) {
        double sum = 0;
        for (double w : group) {
            sum += Math.pow(Math.abs(lost(w, grid, scale, zero)), GroupFit.CLIP_EXPONENT);
        }
        return sum;
    }

    private static double error(
            double[] group, double[] importance, int from, GridOptions grid, double scale, int zero) {
        double sum = 0;
        for (int j = 0; j < group.length; j++) {
            double lost = lost(group[j], grid, scale, zero);
            sum += importance[from + j] * lost * lost;
        }
        return sum;
    }

    private static double lost(double w, GridOptions grid, double scale, int zero) {
        double steps = w / scale;
        return steps - (Math.clamp(Math.rint(steps) + zero, 0, grid.top()) - zero);
    }

    @Override
    public void refitScales(Refit group, GridOptions grid, Tensor scales) {
        RoundingChecks.refitScales(group, scales);
        GroupFit fit = new GroupFit(grid, scales.dtype(), true);
        HostTensor refitted = HostTensor.of(scales);
        threads.run(scales.rows(), r -> {
            double[] steps = HostTensor.of(group.steps()).row(r);
            double[] products = HostTensor.of(group.products()).row(r);
            double[] gradient = HostTensor.of(group.gradient()).row(r);
            double gain = 0;
            double curvature = 0;
            for (int j = 0; j < steps.length; j++) {
                gain += steps[j] * gradient[j];
                curvature += steps[j] * products[j];
            }
            refitted.set(r, 0, fit.refit(refitted.get(r, 0), gain, curvature));
        });
    }

    @Override
    public void roundToNearest(Tensor w, GridOptions grid, Tensor scales, Tensor zeros, Tensor codes) {
        RoundingChecks.roundToNearest(w, grid, scales, zeros, codes);
        HostTensor weights = HostTensor.of(w);
        boolean single = w.dtype() == DType.F32;
        threads.run(w.rows(), r -> {
            double[] scale = HostTensor.of(scales).row(r);
            double[] zero = HostTensor.of(zeros).row(r);
            for (int c = 0; c < w.cols(); c++) {
                int g = c / grid.groupSize();
                int code = GroupFit.code(weights.get(r, c), scale[g], (int) zero[g], grid.top(), single);
                HostTensor.of(codes).set(r, c, code);
            }
        });
    }

    @Override
    public void splitFactor(Tensor v, Tensor unit, Tensor pivots) {
        RoundingChecks.splitFactor(v, unit, pivots);
        HostTensor factor = HostTensor.of(v);
        double[] diagonal = new double[v.cols()];
        for (int j = 0; j < diagonal.length; j++) {
            diagonal[j] = factor.get(j, j);
            HostTensor.of(pivots).set(0, j, diagonal[j] * diagonal[j]);
        }
        threads.run(v.rows(), i -> {
            for (int j = 0; j < diagonal.length; j++) {
                HostTensor.of(unit).set(i, j, j < i ? 0 : factor.get(i, j) / diagonal[j]);
            }
        });
    }

    @Override
    public void groups(Tensor order, int groupSize, Tensor groups) {
        RoundingChecks.groups(order, groupSize, groups);
        int[] columns = HostTensor.of(order).ints();
        for (int j = 0; j < columns.length; j++) {
            int group = columns[j] / groupSize;
            HostTensor.of(groups).set(0, j, group);
        }
    }

    @Override
    public void gptqPanel(Panel panel, Grid grid, Tensor codes, Tensor errors, Tensor loss) {
        RoundingChecks.gptqPanel(panel, grid, codes, errors, loss);
        Tensor w = panel.w();
        Sweep sweep = new Sweep(
                columns(HostTensor.of(panel.unit())),
                HostTensor.of(panel.pivots()).row(0),
                HostTensor.of(panel.groups()).ints(),
                grid.options().top(),
                w.dtype() == DType.F32);
        double[] losses = new double[w.rows()];
        threads.run(w.rows(), r -> {
            int[] row = new int[w.cols()];
            double[] error = new double[w.cols()];
            losses[r] = sweep.run(
                    panel.mask() == null ? null : HostTensor.of(panel.mask()).row(r),
                    HostTensor.of(w).row(r),
                    HostTensor.of(panel.original()).row(r),
                    HostTensor.of(grid.scales()).row(r),
                    HostTensor.of(grid.zeros()).row(r),
                    row,
                    error);
            HostTensor.of(errors).setRow(r, error);
            HostTensor.of(codes).setRow(r, Arrays.stream(row).asDoubleStream().toArray());
        });
        HostTensor.of(loss).addSum(losses);
    }

    @Override
    public void twoSidedPanel(
            Panel panel, Outer outer, Grid grid, @Nullable Fitting fitting, Tensor codes, Tensor errors, Tensor loss) {
        RoundingChecks.twoSidedPanel(panel, outer, grid, fitting, codes, errors, loss);
        new JavaTwoSidedSweep(this, threads, panel, outer, grid, fitting).run(codes, errors, loss);
    }

    /** The sweep of one row over a panel. */
    private static final class Sweep {
        /** By column: unit[j][k] is the feedback of the error of column k to column j. */
        private final double[][] unit;

        private final double[] pivots;
        private final int[] groups;
        private final int top;
        private final boolean single;

        Sweep(double[][] unit, double[] pivots, int[] groups, int top, boolean single) {
            this.unit = unit;
            this.pivots = pivots;
            this.groups = groups;
            this.top = top;
            this.single = single;
        }

        double run(
                double @Nullable [] mask,
                double[] w,
                double[] original,
                double[] scale,
                double[] zero,
                int[] codes,
                double[] errors) {
            double loss = 0;
            for (int j = 0; j < w.length; j++) {
                double target = w[j];
                for (int k = 0; k < j; k++) {
                    target += errors[k] * unit[j][k];
                }
                int group = groups[j];
                boolean pruned = mask != null && mask[j] == 0;
                codes[j] = pruned
                        ? (int) zero[group]
                        : GroupFit.code(target, scale[group], (int) zero[group], top, single);
                double quantized = stored((codes[j] - zero[group]) * scale[group]);
                errors[j] = stored(original[j] - quantized);
                loss += (target - quantized) * (target - quantized) * pivots[j];
            }
            return loss;
        }

        private double stored(double value) {
            return single ? (float) value : value;
        }
    }

    @Override
    public void compensate(Tensor w, Tensor original, Tensor unit, Tensor target) {
        RoundingChecks.compensate(w, original, unit, target);
        double[][] feedback = columns(HostTensor.of(unit));
        threads.run(w.rows(), r -> {
            double[] before = HostTensor.of(original).row(r);
            double[] moved = HostTensor.of(w).row(r);
            for (int j = 0; j < moved.length; j++) {
                moved[j] -= before[j];
                for (int k = 0; k < j; k++) {
                    moved[j] -= moved[k] * feedback[j][k];
                }
            }
            for (int j = 0; j < moved.length; j++) {
                HostTensor.of(target).set(r, j, before[j] + moved[j]);
            }
        });
    }

    @Override
    public void decode(Tensor codes, Tensor scales, Tensor zeros, int groupSize, DType as, Tensor target) {
        RoundingChecks.decode(codes, scales, zeros, groupSize, as, target);
        HostTensor u = HostTensor.of(codes);
        threads.run(codes.rows(), r -> {
            double[] scale = HostTensor.of(scales).row(r);
            double[] zero = HostTensor.of(zeros).row(r);
            for (int c = 0; c < codes.cols(); c++) {
                int g = c / groupSize;
                HostTensor.of(target).set(r, c, rounded((u.get(r, c) - zero[g]) * scale[g], as));
            }
        });
    }

    private static double rounded(double value, DType as) {
        return switch (as) {
            case F64 -> value;
            case F32 -> (float) value;
            case BF16 -> SmallFloats.bf16ToFloat(SmallFloats.doubleToBf16(value));
            case F16 -> Float.float16ToFloat(SmallFloats.doubleToF16(value));
            case I32, U8 -> throw new IllegalStateException("as: " + as + " (expected: refused before)");
        };
    }

    @Override
    public void keepLargest(Tensor w, Tensor importance, int keep, int segment, Tensor mask) {
        RoundingChecks.keepLargest(w, importance, keep, segment, mask);
        HostTensor marks = HostTensor.of(mask);
        double[] weight = HostTensor.of(importance).row(0);
        threads.run(w.rows(), r -> {
            double[] score = HostTensor.of(w).row(r);
            for (int c = 0; c < score.length; c++) {
                score[c] *= score[c] * weight[c];
            }
            double[] kept = new double[score.length];
            for (int from = 0; from < score.length; from += segment) {
                IntStream.range(from, from + segment)
                        .boxed()
                        .sorted(Comparator.comparingDouble((Integer c) -> -score[c]))
                        .limit(keep)
                        .forEach(c -> kept[c] = 1);
            }
            marks.setRow(r, kept);
        });
    }

    @Override
    public void roundOnSupport(Supported weights, Grid grid, Tensor codes, Tensor loss) {
        RoundingChecks.roundOnSupport(weights, grid, codes, loss);
        new JavaSupportSweep(threads, weights, grid).run(codes, loss);
    }

    @Override
    public void descend(Descent descent, Tensor product, Tensor gain) {
        RoundingChecks.descend(descent, product, gain);
        double[] gains = new double[product.rows()];
        threads.run(product.rows(), r -> {
            double[] residual = HostTensor.of(descent.residual()).row(r);
            double[] direction = HostTensor.of(descent.direction()).row(r);
            double[] curved = HostTensor.of(product).row(r);
            double energy = HostTensor.of(descent.energies()).get(r, 0);
            double curvature = dot(direction, curved);
            // Both are zero at the solution, also of a row that is masked from end to end.
            double step = curvature > 0 ? energy / curvature : 0;
            for (int c = 0; c < residual.length; c++) {
                residual[c] -= step * curved[c];
            }
            gains[r] = step * energy;
            HostTensor.of(descent.residual()).setRow(r, residual);
        });
        HostTensor.of(gain).addSum(gains);
    }

    @Override
    public void turn(Descent descent, Tensor diagonal) {
        RoundingChecks.turn(descent, diagonal);
        HostTensor energies = HostTensor.of(descent.energies());
        double[] scales = HostTensor.of(diagonal).row(0);
        threads.run(energies.rows(), r -> {
            double[] mask = HostTensor.of(descent.mask()).row(r);
            double[] residual = HostTensor.of(descent.residual()).row(r);
            double[] direction = HostTensor.of(descent.direction()).row(r);
            double[] preconditioned = new double[scales.length];
            for (int c = 0; c < scales.length; c++) {
                preconditioned[c] = (1 - mask[c]) * residual[c] / scales[c];
            }
            double before = energies.get(r, 0);
            double energy = dot(residual, preconditioned);
            double share = before > 0 ? energy / before : 0;
            for (int c = 0; c < direction.length; c++) {
                direction[c] = preconditioned[c] + share * direction[c];
            }
            HostTensor.of(descent.direction()).setRow(r, direction);
            energies.set(r, 0, energy);
        });
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    static double[][] columns(HostTensor matrix) {
        double[][] columns = new double[matrix.cols()][matrix.rows()];
        for (int r = 0; r < matrix.rows(); r++) {
            for (int c = 0; c < matrix.cols(); c++) {
                columns[c][r] = matrix.get(r, c);
            }
        }
        return columns;
    }
}
