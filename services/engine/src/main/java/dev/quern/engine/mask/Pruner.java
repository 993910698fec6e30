package dev.quern.engine.mask;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.recipes.Pruning;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Order;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Prunes the linears of one unit, each on its own. */
public final class Pruner {
    private final ComputeBackend backend;
    private final Pruning pruning;
    private final Tensor importance;
    private final @Nullable SupportFit fit;

    /**
     * What is left of a linear.
     *
     * @param weights working type [m, n], zero off the mask
     * @param mask U8 [m, n]
     */
    public record Pruned(Tensor weights, Tensor mask) {}

    private Pruner(ComputeBackend backend, Pruning pruning, Tensor importance, @Nullable SupportFit fit) {
        this.backend = backend;
        this.pruning = pruning;
        this.importance = importance;
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
        Tensor importance = scope.allocate(DType.F64, 1, cols);
        try (Scope local = backend.memory().scope()) {
            if (inputs == null) {
                backend.memory().copy(new Magnitude(backend, cols).columns(local), importance);
                return new Pruner(backend, pruning, importance, null);
            }
            Optional<DampedFactor> factor =
                    DampedFactor.of(backend, local, inputs, new Gptq(Order.NONE, pruning.damping()), cancellation);
            backend.memory()
                    .copy(score(backend, pruning.score(), inputs, factor).columns(local), importance);
            SupportFit fit = factor.map(it -> SupportFit.of(backend, scope, inputs, it, cancellation))
                    .orElse(null);
            return new Pruner(backend, pruning, importance, fit);
        }
    }

    private static Importance score(
            ComputeBackend backend, Pruning.Score score, InputStatistics inputs, Optional<DampedFactor> factor) {
        return switch (score) {
            case MAGNITUDE -> new Magnitude(backend, inputs.columns());
            case WANDA -> new Wanda(inputs);
            case SPARSEGPT -> factor.<Importance>map(SparseGpt::new).orElseGet(() -> new Wanda(inputs));
        };
    }

    /** Upper bound of the tensor bytes that a unit and one of its linears take. */
    public static long workingBytes(int rows, int cols, int typeBytes) {
        long h = (long) cols * cols;
        long w = (long) rows * cols;
        // H and its inverse, beside a factor in both types; weights, mask, and three matrices of a descent.
        return h * (4L * typeBytes + Double.BYTES) + w * (4L * typeBytes + 1);
    }

    /** Operations that a unit takes once: the factor and the inverse. */
    public static double unitOperations(int cols) {
        return 3.0 * cols * cols * cols;
    }

    /** Operations that a linear takes, in as many steps as a fit usually needs. */
    public static double operations(int rows, int cols) {
        return 4.0 * rows * cols * cols * SupportFit.USUAL_STEPS;
    }

    /** @param w working type [m, n], read only */
    public Pruned prune(Scope scope, Tensor w) {
        int cols = w.cols();
        Tensor mask = scope.allocate(DType.U8, w.rows(), cols);
        Tensor weights = scope.allocate(w.dtype(), w.rows(), cols);
        backend.rounding().keepLargest(w, importance, pruning.kept(cols), pruning.run(cols), mask);
        if (fit == null) {
            backend.memory().copy(w, weights);
            backend.elementwise().keep(mask, weights);
        } else {
            fit.fit(w, mask, weights);
        }
        return new Pruned(weights, mask);
    }
}
