package dev.quern.engine.method.yaqa;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.method.gptq.GptqSweep;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Sweeps one linear in the order of its factors and puts codes and grids back in the linear's own. Grids are fitted on
 * the way, to the weights as the errors so far have moved them, where a panel holds whole groups.
 */
final class TwoSidedRounding {
    private final ComputeBackend backend;
    private final DampedFactor inner;
    private final Cancellation cancellation;

    /** @param inner the factor of H_I, in an order that leaves the columns of a group together */
    TwoSidedRounding(ComputeBackend backend, DampedFactor inner, Cancellation cancellation) {
        this.backend = backend;
        this.inner = inner;
        this.cancellation = cancellation;
    }

    /**
     * @param w working type [m, n], read only
     * @param outer null weighs errors by inputs alone
     * @param target in: the grids that were fitted to w; out: the result
     * @return tr(H_O E H_I Eᵀ) with both damped
     */
    double run(Tensor w, @Nullable DampedFactor outer, GridCodes target) {
        try (Scope scope = backend.memory().scope()) {
            Tensor errors = scope.allocate(w.dtype(), w.rows(), w.cols());
            Tensor codes = scope.allocate(DType.U8, w.rows(), w.cols());
            GptqSweep sweep = sweep(scope, target, outer);
            if (outer == null || outer.natural()) {
                double loss = sweep.run(ordered(scope, w), target.scales(), target.zeros(), codes, errors);
                restore(codes, target.codes());
                return loss;
            }
            Tensor rows = scope.allocate(w.dtype(), w.rows(), w.cols());
            backend.memory().gatherRows(w, outer.order(), rows);
            Tensor scales = gathered(scope, target.scales(), outer.order());
            Tensor zeros = gathered(scope, target.zeros(), outer.order());
            double loss = sweep.run(ordered(scope, rows), scales, zeros, codes, errors);

            Tensor back = inverse(scope, outer.order());
            backend.memory().gatherRows(scales, back, target.scales());
            backend.memory().gatherRows(zeros, back, target.zeros());
            restore(gathered(scope, codes, back), target.codes());
            return loss;
        }
    }

    private GptqSweep sweep(Scope scope, GridCodes target, @Nullable DampedFactor outer) {
        GridOptions grid = target.grid();
        int usual = outer == null ? GptqSweep.PANEL : GptqSweep.TWO_SIDED_PANEL;
        int size = grid.groupSize();
        boolean fits = size <= GptqSweep.TWO_SIDED_PANEL;
        int panel = fits ? Math.max(size, usual / size * size) : usual;
        GptqSweep sweep = new GptqSweep(backend, inner, grid, panel, cancellation);
        sweep = fits
                ? sweep.withLazyScales(target.importance() == null ? null : ordered(scope, target.importance()))
                : sweep;
        return outer == null ? sweep : sweep.withOuter(outer);
    }

    private Tensor ordered(Scope scope, Tensor w) {
        if (inner.natural()) {
            return w;
        }
        Tensor ordered = scope.allocate(w.dtype(), w.rows(), w.cols());
        backend.memory().gatherColumns(w, inner.order(), ordered);
        return ordered;
    }

    private void restore(Tensor codes, Tensor target) {
        if (inner.natural()) {
            backend.memory().copy(codes, target);
        } else {
            backend.memory().scatterColumns(codes, inner.order(), target);
        }
    }

    private Tensor gathered(Scope scope, Tensor source, Tensor rows) {
        Tensor target = scope.allocate(source.dtype(), source.rows(), source.cols());
        backend.memory().gatherRows(source, rows, target);
        return target;
    }

    private Tensor inverse(Scope scope, Tensor order) {
        Memory memory = backend.memory();
        int[] places = new int[order.cols()];
        memory.download(order, MemorySegment.ofArray(places));
        int[] inverse = new int[places.length];
        for (int i = 0; i < places.length; i++) {
            inverse[places[i]] = i;
        }
        return Side.vector(backend, scope, inverse);
    }
}
