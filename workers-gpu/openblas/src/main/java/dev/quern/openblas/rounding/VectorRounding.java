package dev.quern.openblas.rounding;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.RoundingChecks;
import dev.quern.engine.backend.host.GroupFit;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.backend.host.SmallFloats;
import dev.quern.engine.backend.java.JavaRounding;
import dev.quern.openblas.vector.RowTasks;
import dev.quern.openblas.vector.Rows;
import dev.quern.openblas.vector.Sums;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Grids and panels in float32 with the Vector API, over fixed runs of rows and blocks. Other working types take the
 * plain definition.
 */
public final class VectorRounding implements Rounding {
    /** Rows that one task sweeps; a whole number of blocks for every width of vectors. */
    private static final int SWEEP_ROWS = 128;

    private final HostAllocator allocator;
    private final HostThreads threads;
    private final JavaRounding plain;

    public VectorRounding(HostAllocator allocator, HostThreads threads) {
        this.allocator = allocator;
        this.threads = threads;
        this.plain = new JavaRounding(threads);
    }

    @Override
    public void fitGrid(Tensor w, @Nullable Tensor importance, GridOptions grid, Tensor scales, Tensor zeros) {
        if (w.dtype() != DType.F32) {
            plain.fitGrid(w, importance, grid, scales, zeros);
            return;
        }
        RoundingChecks.fitGrid(w, importance, grid, scales, zeros);
        GroupFit fit = new GroupFit(grid, w.dtype(), importance != null);
        float @Nullable [] columns =
                importance == null ? null : singles(HostTensor.of(importance).row(0));
        RowTasks.run(threads, w.rows(), w.cols(), (from, to) -> {
            GroupErrors errors = new GroupErrors(grid, columns);
            float[] row = new float[w.cols()];
            for (int r = from; r < to; r++) {
                Rows.read(HostTensor.of(w), r, row);
                for (int g = 0; g < scales.cols(); g++) {
                    errors.load(row, g * grid.groupSize());
                    GroupFit.Fitted fitted = fit.fit(errors.min(), errors.max(), errors);
                    HostTensor.of(scales).set(r, g, fitted.scale());
                    HostTensor.of(zeros).set(r, g, fitted.zero());
                }
            }
        });
    }

    /** Scaled to at most 1: only their ratios count, and float32 holds fewer magnitudes. */
    private static float[] singles(double[] importance) {
        double largest = Arrays.stream(importance).max().orElse(0);
        float[] singles = new float[importance.length];
        for (int j = 0; j < singles.length; j++) {
            singles[j] = largest == 0 ? 0 : (float) (importance[j] / largest);
        }
        return singles;
    }

    @Override
    public void refitScales(Refit group, GridOptions grid, Tensor scales) {
        RoundingChecks.refitScales(group, scales);
        GroupFit fit = new GroupFit(grid, scales.dtype(), true);
        HostTensor refitted = HostTensor.of(scales);
        int cols = group.steps().cols();
        RowTasks.run(threads, scales.rows(), cols, (from, to) -> {
            double[] steps = new double[cols];
            double[] other = new double[cols];
            for (int r = from; r < to; r++) {
                Rows.read(HostTensor.of(group.steps()), r, steps);
                Rows.read(HostTensor.of(group.gradient()), r, other);
                double gain = Sums.dot(steps, other, 0, cols);
                Rows.read(HostTensor.of(group.products()), r, other);
                double curvature = Sums.dot(steps, other, 0, cols);
                refitted.set(r, 0, fit.refit(refitted.get(r, 0), gain, curvature));
            }
        });
    }

    @Override
    public void roundToNearest(Tensor w, GridOptions grid, Tensor scales, Tensor zeros, Tensor codes) {
        if (w.dtype() != DType.F32) {
            plain.roundToNearest(w, grid, scales, zeros, codes);
            return;
        }
        RoundingChecks.roundToNearest(w, grid, scales, zeros, codes);
        RowTasks.run(threads, w.rows(), w.cols(), (from, to) -> {
            float[] row = new float[w.cols()];
            float[] scale = new float[scales.cols()];
            byte[] zero = new byte[scales.cols()];
            byte[] code = new byte[w.cols()];
            for (int r = from; r < to; r++) {
                Rows.read(HostTensor.of(w), r, row);
                Rows.read(HostTensor.of(scales), r, scale);
                Rows.read(HostTensor.of(zeros), r, zero);
                for (int c = 0; c < code.length; c++) {
                    int g = c / grid.groupSize();
                    double steps = Math.rint(row[c] / scale[g]) + (zero[g] & 0xFF);
                    code[c] = (byte) (int) Math.clamp(steps, 0, grid.top());
                }
                Rows.write(code, HostTensor.of(codes), r);
            }
        });
    }

    @Override
    public void splitFactor(Tensor v, Tensor unit, Tensor pivots) {
        if (unit.dtype() != DType.F32) {
            plain.splitFactor(v, unit, pivots);
            return;
        }
        RoundingChecks.splitFactor(v, unit, pivots);
        HostTensor factor = HostTensor.of(v);
        double[] diagonal = new double[v.cols()];
        for (int j = 0; j < diagonal.length; j++) {
            diagonal[j] = factor.get(j, j);
            HostTensor.of(pivots).set(0, j, diagonal[j] * diagonal[j]);
        }
        RowTasks.run(threads, v.rows(), v.cols(), (from, to) -> {
            double[] row = new double[diagonal.length];
            float[] single = new float[diagonal.length];
            for (int i = from; i < to; i++) {
                Rows.read(factor, i, row);
                for (int j = 0; j < row.length; j++) {
                    single[j] = (float) (row[j] / diagonal[j]);
                }
                Arrays.fill(single, 0, i, 0);
                Rows.write(single, HostTensor.of(unit), i);
            }
        });
    }

    @Override
    public void groups(Tensor order, int groupSize, Tensor groups) {
        plain.groups(order, groupSize, groups);
    }

    @Override
    public void gptqPanel(Panel panel, Grid grid, Tensor codes, Tensor errors, Tensor loss) {
        Tensor w = panel.w();
        if (w.dtype() != DType.F32) {
            plain.gptqPanel(panel, grid, codes, errors, loss);
            return;
        }
        RoundingChecks.gptqPanel(panel, grid, codes, errors, loss);
        PanelGroups used = new PanelGroups(HostTensor.of(panel.groups()).ints());
        PanelKernel kernel = new PanelKernel(panel.unit(), used, grid.options().top());
        double[] pivot = HostTensor.of(panel.pivots()).row(0);
        double[] losses = new double[w.rows()];
        eachBlock(kernel, w.rows(), (block, first) -> {
            block.load(HostTensor.of(w), first, block.target);
            block.load(HostTensor.of(panel.original()), first, block.original);
            block.loadGrid(HostTensor.of(grid.scales()), HostTensor.of(grid.zeros()), first);
            if (panel.mask() != null) {
                block.loadMask(HostTensor.of(panel.mask()), first);
            }
            kernel.quantize(block);
            block.losses(pivot, losses, first);
            block.store(block.errors, HostTensor.of(errors), first);
            block.storeCodes(HostTensor.of(codes), first);
        });
        HostTensor.of(loss).addSum(losses);
    }

    @Override
    public void twoSidedPanel(
            Panel panel, Outer outer, Grid grid, @Nullable Fitting fitting, Tensor codes, Tensor errors, Tensor loss) {
        if (panel.w().dtype() != DType.F32) {
            plain.twoSidedPanel(panel, outer, grid, fitting, codes, errors, loss);
            return;
        }
        RoundingChecks.twoSidedPanel(panel, outer, grid, fitting, codes, errors, loss);
        TwoSidedKernel kernel = new TwoSidedKernel(panel, outer, grid, codes, errors);
        new TwoSidedWave(this, allocator, panel, outer, grid, fitting, errors, kernel).run(threads, loss);
    }

    @Override
    public void compensate(Tensor w, Tensor original, Tensor unit, Tensor target) {
        if (w.dtype() != DType.F32) {
            plain.compensate(w, original, unit, target);
            return;
        }
        RoundingChecks.compensate(w, original, unit, target);
        PanelKernel kernel = PanelKernel.compensating(unit);
        eachBlock(kernel, w.rows(), (block, first) -> {
            block.load(HostTensor.of(w), first, block.target);
            block.load(HostTensor.of(original), first, block.original);
            block.subtract(block.target, block.original);
            kernel.solve(block);
            block.subtract(block.original, block.errors);
            block.store(block.original, HostTensor.of(target), first);
        });
    }

    private void eachBlock(PanelKernel kernel, int rows, BlockTask task) {
        threads.run(Math.ceilDiv(rows, SWEEP_ROWS), i -> {
            PanelBlock block = kernel.block();
            int end = Math.min(rows, (i + 1) * SWEEP_ROWS);
            for (int first = i * SWEEP_ROWS; first < end; first += PanelBlock.ROWS) {
                task.run(block, first);
            }
        });
    }

    @FunctionalInterface
    private interface BlockTask {
        /** @param first row of the block */
        void run(PanelBlock block, int first);
    }

    @Override
    public void decode(Tensor codes, Tensor scales, Tensor zeros, int groupSize, DType as, Tensor target) {
        RoundingChecks.decode(codes, scales, zeros, groupSize, as, target);
        if (scales.dtype() != DType.F32 || target.dtype() != DType.F32 || as == DType.F64) {
            plain.decode(codes, scales, zeros, groupSize, as, target);
            return;
        }
        RowTasks.run(threads, codes.rows(), codes.cols(), (from, to) -> {
            float[] row = new float[codes.cols()];
            float[] scale = new float[scales.cols()];
            byte[] zero = new byte[scales.cols()];
            byte[] code = new byte[codes.cols()];
            for (int r = from; r < to; r++) {
                Rows.read(HostTensor.of(scales), r, scale);
                Rows.read(HostTensor.of(zeros), r, zero);
                Rows.read(HostTensor.of(codes), r, code);
                for (int g = 0; g < scale.length; g++) {
                    decode(code, g * groupSize, (g + 1) * groupSize, scale[g], zero[g] & 0xFF, row);
                }
                round(row, as);
                Rows.write(row, HostTensor.of(target), r);
            }
        });
    }

    private static void decode(byte[] codes, int from, int to, float scale, int zero, float[] target) {
        for (int c = from; c < to; c++) {
            target[c] = ((codes[c] & 0xFF) - zero) * scale;
        }
    }

    /** To the dtype and back. */
    private static void round(float[] values, DType as) {
        if (as == DType.BF16) {
            for (int i = 0; i < values.length; i++) {
                values[i] = SmallFloats.bf16ToFloat(SmallFloats.floatToBf16(values[i]));
            }
        } else if (as == DType.F16) {
            for (int i = 0; i < values.length; i++) {
                values[i] = Float.float16ToFloat(Float.floatToFloat16(values[i]));
            }
        }
    }

    @Override
    public void keepLargest(Tensor w, Tensor importance, int keep, int segment, Tensor mask) {
        RoundingChecks.keepLargest(w, importance, keep, segment, mask);
        VectorSupport.keepLargest(threads, w, HostTensor.of(importance).row(0), keep, segment, mask);
    }

    @Override
    public void roundOnSupport(Supported weights, Grid grid, Tensor codes, Tensor loss) {
        RoundingChecks.roundOnSupport(weights, grid, codes, loss);
        new SupportSweep(allocator, threads, weights, grid).run(codes, loss);
    }

    @Override
    public void descend(Descent descent, Tensor product, Tensor gain) {
        RoundingChecks.descend(descent, product, gain);
        VectorSupport.descend(threads, descent, product, gain);
    }

    @Override
    public void turn(Descent descent, Tensor diagonal) {
        RoundingChecks.turn(descent, diagonal);
        VectorSupport.turn(threads, descent, HostTensor.of(diagonal).row(0));
    }
}
