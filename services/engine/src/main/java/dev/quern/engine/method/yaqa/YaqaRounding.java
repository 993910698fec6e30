package dev.quern.engine.method.yaqa;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.method.Rounder.Rounded;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.LinearFigures.Trial;
import dev.quern.recipes.LinearFigures.TwoSided;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Yaqa;
import dev.quern.recipes.error.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * YAQA (arXiv 2505.22988) of one linear. Factors that saw too little text do harm, so the linear is rounded by its
 * inputs alone and, with each shrinkage of H_O, by both sides; the result with the smallest error on windows that the
 * factors have not seen is kept (docs/adr/0042-keep-the-better-side.md).
 */
public final class YaqaRounding {
    private final ComputeBackend backend;
    private final Yaqa yaqa;
    private final DType checkpointType;
    private final Cancellation cancellation;

    /** @param checkpointType the dtype that loaders decode to; errors are measured on it */
    public YaqaRounding(ComputeBackend backend, Yaqa yaqa, DType checkpointType, Cancellation cancellation) {
        this.backend = backend;
        this.yaqa = yaqa;
        this.checkpointType = checkpointType;
        this.cancellation = cancellation;
    }

    /**
     * Rounds one linear.
     *
     * @param scope of the result
     * @param linear for messages
     * @param w working type [m, n], read only
     * @param start w rounded to nearest on the grid that was fitted to it
     * @param fit what it is rounded by
     * @param heldOut of other windows, what the results are judged by
     * @throws QuernException NON_FINITE_INPUTS when a factor holds NaN or infinity
     */
    public Rounded round(
            Scope scope, LinearId linear, Tensor w, GridCodes start, KroneckerSketch fit, KroneckerSketch heldOut) {
        Side inner = Side.of(backend, fit.requireInner(), linear, fit.windows());
        Side outer = Side.of(backend, fit.outer(), linear, fit.windows());
        Side.of(backend, heldOut.requireInner(), linear, heldOut.windows());
        Side.of(backend, heldOut.outer(), linear, heldOut.windows());
        if (!inner.hasSignal()) {
            return Rounded.nearest(start, "no gradient reached this linear");
        }
        try (Scope local = backend.memory().scope()) {
            int[] columns = inner.fallingInGroups(start.grid().groupSize());
            Optional<DampedFactor> factor = inner.factor(local, columns, yaqa.damping(), cancellation);
            if (factor.isEmpty()) {
                return Rounded.nearest(start, "H_I is not positive definite with any damping below 1");
            }
            KroneckerMeasure measure = new KroneckerMeasure(backend, local, heldOut, cancellation);
            Contest contest = new Contest(scope, w, start, factor.get(), measure);
            contest.enter(null, null);
            if (outer.hasSignal()) {
                yaqa.shrinkage().forEach(share -> enter(contest, outer, share));
            }
            return contest.best();
        }
    }

    /** A share with which H_O cannot be factored takes no part. */
    private void enter(Contest contest, Side outer, double share) {
        try (Scope local = backend.memory().scope()) {
            Side shrunk = outer.shrunk(local, share);
            int[] rows = yaqa.rowOrder() == Order.STATIC ? shrunk.falling() : null;
            shrunk.factor(local, rows, yaqa.damping(), cancellation).ifPresent(factor -> contest.enter(factor, share));
        }
    }

    /** The results of one linear, of which the best so far is kept. */
    private final class Contest {
        private final Tensor w;
        private final GridCodes start;
        private final DampedFactor inner;
        private final KroneckerMeasure measure;
        private final TwoSidedRounding rounding;
        private final double reference;
        private final List<Trial> trials = new ArrayList<>();
        private GridCodes kept;
        private GridCodes spare;
        private double oneSided;
        private double best = Double.POSITIVE_INFINITY;
        private double loss;
        private double damping;
        private int retries;
        private @Nullable Double keptShare;

        Contest(Scope scope, Tensor w, GridCodes start, DampedFactor inner, KroneckerMeasure measure) {
            this.w = w;
            this.start = start;
            this.inner = inner;
            this.measure = measure;
            rounding = new TwoSidedRounding(backend, inner, cancellation);
            reference = measure.of(w);
            kept = like(scope, start);
            spare = like(scope, start);
        }

        private GridCodes like(Scope scope, GridCodes grid) {
            return new GridCodes(
                    backend,
                    grid.grid(),
                    scope.allocate(DType.U8, w.rows(), w.cols()),
                    scope.allocate(w.dtype(), w.rows(), grid.scales().cols()),
                    scope.allocate(DType.U8, w.rows(), grid.zeros().cols()),
                    grid.importance(),
                    null);
        }

        /** @param outer null for the one-sided result, which has no share either */
        void enter(@Nullable DampedFactor outer, @Nullable Double share) {
            backend.memory().copy(start.scales(), spare.scales());
            backend.memory().copy(start.zeros(), spare.zeros());
            double made = rounding.run(w, outer, spare);
            double error = error(spare);
            if (share == null) {
                oneSided = error;
            } else {
                trials.add(new Trial(share, error));
            }
            if (error < best) {
                GridCodes worse = kept;
                kept = spare;
                spare = worse;
                best = error;
                loss = made;
                keptShare = share;
                damping = outer == null ? inner.damping() : Math.max(inner.damping(), outer.damping());
                retries = inner.retries() + (outer == null ? 0 : outer.retries());
            }
        }

        private double error(GridCodes codes) {
            try (Scope local = backend.memory().scope()) {
                Tensor difference = local.allocate(w.dtype(), w.rows(), w.cols());
                codes.error(w, checkpointType, difference);
                // Zero where the weights reach no output: nothing is lost.
                return reference == 0 ? 0 : Math.max(0, measure.of(difference) / reference);
            }
        }

        Rounded best() {
            if (best == Double.POSITIVE_INFINITY) {
                return Rounded.nearest(start, "no error on the windows held out is finite");
            }
            return new Rounded(kept, loss, damping, retries, null, new TwoSided(oneSided, trials, keptShare));
        }
    }
}
