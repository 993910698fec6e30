package dev.quern.engine.method.obr;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.mask.SupportFit;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.Rounder.Rounded;
import dev.quern.engine.method.Rounder.Unit;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.method.gptq.GptqSweep;
import dev.quern.engine.model.LinearId;

/**
 * The two stages of the paper (algorithm 1, with its sign corrected): what is kept of the first half of the columns is
 * rounded to nearest, and what is kept of the second half is fitted to that; then GPTQ rounds the second half, with a
 * factor that all rows share.
 *
 * @param factor of H, columns as they stand
 * @param fit with the same H
 */
record StagedRounding(ComputeBackend backend, DampedFactor factor, SupportFit fit) implements Unit {
    @Override
    public Rounded round(
            Scope scope, LinearId linear, Tensor w, GridCodes start, Tensor scratch, Cancellation cancellation) {
        int half = w.cols() / 2;
        GridCodes target = start.with(scope.allocate(DType.U8, w.rows(), w.cols()));
        backend.memory().copy(start.codes(), target.codes());
        try (Scope local = backend.memory().scope()) {
            Tensor moved = local.allocate(w.dtype(), w.rows(), w.cols());
            double left = fitRest(local, w, start, half, moved);
            double rounded = sweep(moved, target, half, scratch, cancellation);
            return new Rounded(target, left + rounded, factor.damping(), factor.retries(), null);
        }
    }

    /**
     * Fits what is kept from column {@code half} on to the codes before it.
     *
     * @param moved [m, n], out: the first half as rounded, the rest as fitted
     * @return the error that the first half leaves
     */
    private double fitRest(Scope scope, Tensor w, GridCodes start, int half, Tensor moved) {
        int n = w.cols();
        int groupSize = start.grid().groupSize();
        backend.rounding().decode(start.codes(), start.scales(), start.zeros(), groupSize, w.dtype(), moved);
        backend.memory().copy(w.cols(half, n), moved.cols(half, n));
        Tensor free = scope.allocate(DType.U8, w.rows(), n);
        backend.memory().copy(start.requireMask().cols(half, n), free.cols(half, n));
        return fit.refit(w, free, moved).error();
    }

    private double sweep(Tensor moved, GridCodes target, int half, Tensor errors, Cancellation cancellation) {
        int n = moved.cols();
        GptqSweep sweep = new GptqSweep(backend, factor.from(half), target.grid(), GptqSweep.PANEL, cancellation);
        return sweep.run(
                moved.cols(half, n),
                target.requireMask().cols(half, n),
                target.scales(),
                target.zeros(),
                target.codes().cols(half, n),
                errors.cols(half, n));
    }
}
