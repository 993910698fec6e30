package dev.quern.engine.method.obr;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.Supported;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.mask.SupportFit;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.Rounder;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.recipes.Obr;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Order;
import java.util.Optional;

/** OBR (arXiv 2509.11177): weights are pruned and fitted before they get here, and keep their masks. */
public record ObrRounder(Obr obr) implements Rounder {
    /** Rows whose factors are in memory at the same time: as many as threads, and never many. */
    private static final int FACTORS = 64;

    @Override
    public long workingBytes(int rows, int cols, int typeBytes) {
        long h = (long) cols * cols;
        long w = (long) rows * cols;
        return switch (obr.form()) {
            // H twice, and the factors of some rows, of half the columns or so.
            case RESTRICTED -> h * (2L * Double.BYTES + typeBytes) + Math.min(rows, FACTORS) * h * Double.BYTES / 4 + w;
            // The factor in both types; weights, and a second mask; errors and moved weights of the sweep.
            case STAGED ->
                h * (2L * typeBytes + Double.BYTES)
                        + SupportFit.workingBytes(rows, cols, typeBytes)
                        + w * (4L * typeBytes + 3);
        };
    }

    @Override
    public double unitOperations(int cols) {
        double h = (double) cols * cols * cols;
        return switch (obr.form()) {
            case RESTRICTED -> h / 3;
            // An inverse as well, to fit by.
            case STAGED -> 3 * h;
        };
    }

    /** A factor over half of the columns for every row, or a fit and half a sweep; and the figures. */
    @Override
    public double operations(int rows, int cols) {
        double figures = 3.0 * cols * cols * rows;
        return figures
                + switch (obr.form()) {
                    case RESTRICTED -> rows * Math.pow(cols / 2.0, 3) / 6;
                    case STAGED -> SupportFit.operations(rows, cols) + 0.25 * cols * cols * rows;
                };
    }

    @Override
    public Unit prepare(ComputeBackend backend, Scope scope, Evidence evidence, Cancellation cancellation) {
        InputStatistics inputs = evidence.requireInputs("OBR");
        Gptq damped = new Gptq(Order.NONE, obr.damping());
        Optional<DampedFactor> factor = DampedFactor.of(backend, scope, inputs, damped, cancellation);
        if (factor.isEmpty()) {
            return (local, linear, w, start, scratch, cancelled) ->
                    Rounded.nearest(start, "H is not positive definite with any damping below 1");
        }
        return switch (obr.form()) {
            case RESTRICTED -> restricted(backend, scope, inputs, factor.get());
            case STAGED ->
                new StagedRounding(
                        backend, factor.get(), SupportFit.of(backend, scope, inputs, factor.get(), cancellation));
        };
    }

    /** Columns by falling activity: what counts most is rounded while most others can still repay it. */
    private static Unit restricted(ComputeBackend backend, Scope scope, InputStatistics inputs, DampedFactor factor) {
        int n = inputs.columns();
        Tensor h = scope.allocate(DType.F64, n, n);
        backend.memory().copy(inputs.gram(), h);
        backend.elementwise().addDiagonal(factor.damping() * inputs.meanDiagonal(), h);
        Tensor order = scope.allocate(DType.I32, 1, n);
        backend.memory().argsortDescending(inputs.diagonal(), order);
        return (local, linear, w, start, scratch, cancelled) -> {
            GridCodes target = start.with(local.allocate(DType.U8, w.rows(), w.cols()));
            Tensor loss = local.allocate(DType.F64, 1, 1);
            Supported weights = new Supported(w, target.requireMask(), h, order);
            Grid grid = new Grid(target.grid(), target.scales(), target.zeros());
            backend.interruptibly(
                    cancelled, () -> backend.rounding().roundOnSupport(weights, grid, target.codes(), loss));
            double error = backend.memory().value(loss);
            return new Rounded(target, error, factor.damping(), factor.retries(), null);
        };
    }
}
