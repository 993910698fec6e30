package dev.quern.engine.mask;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.recipes.Pruning;
import dev.quern.recipes.Pruning.Score;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Order;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Prunes the linears of one unit, each on its own. */
public final class Pruner {
    private final ComputeBackend backend;
    private final Selection selection;
    private final @Nullable SupportFit fit;

    /**
     * What is left of a linear.
     *
     * @param weights working type [m, n], zero off the mask
     * @param mask U8 [m, n]
     */
    public record Pruned(Tensor weights, Tensor mask) {}

    private Pruner(ComputeBackend backend, Selection selection, @Nullable SupportFit fit) {
        this.backend = backend;
        this.selection = selection;
        this.fit = fit;
    }

    /**
     * @param scope of what is kept while the unit is in work
     * @param inputs of the unit; null where no text reached it: then weights are chosen by magnitude, and stay as they
     *     are
     */
    public static Pruner of(
            ComputeBackend backend,
            Scope scope,
            Pruning pruning,
            int cols,
            @Nullable InputStatistics inputs,
            Cancellation cancellation) {
        if (inputs == null) {
            return new Pruner(backend, scored(backend, scope, pruning, new Magnitude(backend, cols)), null);
        }
        try (Scope local = backend.memory().scope()) {
            Optional<DampedFactor> factor =
                    DampedFactor.of(backend, local, inputs, new Gptq(Order.NONE, pruning.damping()), cancellation);
            if (factor.isEmpty()) {
                return new Pruner(backend, scored(backend, scope, pruning, new Wanda(inputs)), null);
            }
            Selection selection = selection(backend, scope, pruning, inputs, factor.get(), cancellation);
            SupportFit fit = SupportFit.of(backend, scope, inputs, factor.get(), cancellation);
            return new Pruner(backend, selection, fit);
        }
    }

    private static Selection selection(
            ComputeBackend backend,
            Scope scope,
            Pruning pruning,
            InputStatistics inputs,
            DampedFactor factor,
            Cancellation cancellation) {
        return switch (pruning.score()) {
            case MAGNITUDE -> scored(backend, scope, pruning, new Magnitude(backend, inputs.columns()));
            case WANDA -> scored(backend, scope, pruning, new Wanda(inputs));
            case SPARSEGPT -> scored(backend, scope, pruning, new SparseGpt(factor));
            case ADMM -> new AdmmSelection(backend, scope, pruning, inputs, factor.damping(), cancellation);
        };
    }

    /** Keeps the largest scores. */
    private static Selection scored(ComputeBackend backend, Scope scope, Pruning pruning, Importance importance) {
        Tensor columns;
        try (Scope local = backend.memory().scope()) {
            Tensor factors = importance.columns(local);
            columns = scope.allocate(DType.F64, 1, factors.cols());
            backend.memory().copy(factors, columns);
        }
        int cols = columns.cols();
        return (w, mask) -> backend.rounding().keepLargest(w, columns, pruning.kept(cols), pruning.run(cols), mask);
    }

    /** Upper bound of the tensor bytes that a unit and one of its linears take. */
    public static long workingBytes(Pruning pruning, int rows, int cols, int typeBytes) {
        long h = (long) cols * cols;
        long w = (long) rows * cols;
        // H and its inverse, beside a factor in both types; weights, mask, and four matrices of a descent.
        long fit = h * (4L * typeBytes + Double.BYTES) + w * (5L * typeBytes + 1);
        return fit + (pruning.score() == Score.ADMM ? AdmmSelection.workingBytes(rows, cols, typeBytes) : 0);
    }

    /** Operations that a unit takes once: the factor and the inverse. */
    public static double unitOperations(int cols) {
        return 3.0 * cols * cols * cols;
    }

    /** Operations that a linear takes. */
    public static double operations(Pruning pruning, int rows, int cols) {
        double selection = pruning.score() == Score.ADMM ? AdmmSelection.operations(rows, cols) : 0;
        return selection + SupportFit.operations(rows, cols);
    }

    /** @param w working type [m, n], read only */
    public Pruned prune(Scope scope, Tensor w) {
        int cols = w.cols();
        Tensor mask = scope.allocate(DType.U8, w.rows(), cols);
        Tensor weights = scope.allocate(w.dtype(), w.rows(), cols);
        selection.mark(w, mask);
        if (fit == null) {
            backend.memory().copy(w, weights);
            backend.elementwise().keep(mask, weights);
        } else {
            fit.fit(w, mask, weights);
        }
        return new Pruned(weights, mask);
    }
}
