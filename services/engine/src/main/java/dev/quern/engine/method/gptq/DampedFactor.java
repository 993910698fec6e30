package dev.quern.engine.method.gptq;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.InputStatistics;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Order;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * H, damped and in the order of rounding, as {@code V Vᵀ} with {@code V = unit * sqrt(pivots)} upper triangular. V
 * serves GPTQ without an inverse (docs/algorithms.md, factor).
 *
 * @param unit working type [n, n], ones on the diagonal
 * @param pivots F64 [1, n]
 * @param order I32 [1, n]: the column that is rounded j-th
 * @param natural true when the order is 0, 1, 2 …
 * @param damping the fraction of the mean diagonal that made H positive definite
 * @param retries how often it was raised
 */
public record DampedFactor(Tensor unit, Tensor pivots, Tensor order, boolean natural, double damping, int retries) {
    /** As {@link #of(ComputeBackend, Scope, Tensor, Tensor, double, double, Cancellation)}, as GPTQ does it. */
    public static Optional<DampedFactor> of(
            ComputeBackend backend, Scope scope, InputStatistics inputs, Gptq gptq, Cancellation cancellation) {
        Tensor order = null;
        if (gptq.order() == Order.STATIC) {
            order = scope.allocate(DType.I32, 1, inputs.columns());
            backend.memory().argsortDescending(inputs.diagonal(), order);
        }
        double mean = inputs.meanDiagonal();
        return of(backend, scope, inputs.gram(), order, mean, gptq.damping(), cancellation);
    }

    /**
     * Factors H with this damping; where that fails, again from the original H with about three times as much, below 1.
     *
     * @param h F64 [n, n], symmetric and finite
     * @param order a permutation, I32 [1, n]; null takes the columns as they stand
     * @param mean what damping is a fraction of
     * @return empty when no damping below 1 makes H positive definite
     */
    public static Optional<DampedFactor> of(
            ComputeBackend backend,
            Scope scope,
            Tensor h,
            @Nullable Tensor order,
            double mean,
            double damping,
            Cancellation cancellation) {
        int n = h.cols();
        boolean natural = order == null;
        Tensor columns = order == null ? rising(backend.memory(), scope, n) : order;
        Tensor unit = scope.allocate(backend.workingType(), n, n);
        Tensor pivots = scope.allocate(DType.F64, 1, n);
        try (Scope local = backend.memory().scope()) {
            Tensor damped = local.allocate(DType.F64, n, n);
            double fraction = damping;
            for (int retries = 0; fraction < 1; retries++) {
                cancellation.check();
                permute(backend.memory(), h, columns, natural, damped);
                backend.elementwise().addDiagonal(fraction * mean, damped);
                if (backend.linearAlgebra().factorUpper(damped, cancellation)) {
                    backend.rounding().splitFactor(damped, unit, pivots);
                    return Optional.of(new DampedFactor(unit, pivots, columns, natural, fraction, retries));
                }
                fraction = Math.max(3 * fraction, fraction + 0.01);
            }
        }
        return Optional.empty();
    }

    private static Tensor rising(Memory memory, Scope scope, int n) {
        int[] rising = IntStream.range(0, n).toArray();
        return memory.upload(scope, MemorySegment.ofArray(rising), DType.I32, 1, n);
    }

    private static void permute(Memory memory, Tensor h, Tensor order, boolean natural, Tensor target) {
        if (natural) {
            memory.copy(h, target);
        } else {
            memory.permute(h, order, target);
        }
    }

    /**
     * The factor of the columns that are rounded after the first ones: V is upper triangular, so it is the end of V.
     *
     * @param first the place in the order from which on they are rounded
     */
    public DampedFactor from(int first) {
        int n = order.cols();
        return new DampedFactor(
                unit.rows(first, n).cols(first, n),
                pivots.cols(first, n),
                order.cols(first, n),
                natural,
                damping,
                retries);
    }

    /** The group of each column in the order of rounding, I32 [1, n]. Groups stay where they are in the linear. */
    Tensor groups(ComputeBackend backend, Scope scope, int groupSize) {
        Tensor groups = scope.allocate(DType.I32, 1, order.cols());
        backend.rounding().groups(order, groupSize, groups);
        return groups;
    }
}
