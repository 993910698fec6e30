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
    /**
     * Factors H with the recipe's damping; where that fails, again from the original H with about three times as much,
     * below 1.
     *
     * @return empty when no damping below 1 makes H positive definite
     */
    public static Optional<DampedFactor> of(
            ComputeBackend backend, Scope scope, InputStatistics inputs, Gptq gptq, Cancellation cancellation) {
        int n = inputs.columns();
        boolean natural = gptq.order() == Order.NONE;
        Tensor order = order(backend.memory(), scope, inputs, natural);
        Tensor unit = scope.allocate(backend.workingType(), n, n);
        Tensor pivots = scope.allocate(DType.F64, 1, n);
        try (Scope local = backend.memory().scope()) {
            Tensor damped = local.allocate(DType.F64, n, n);
            double damping = gptq.damping();
            for (int retries = 0; damping < 1; retries++) {
                cancellation.check();
                permute(backend.memory(), inputs.gram(), order, natural, damped);
                backend.elementwise().addDiagonal(damping * inputs.meanDiagonal(), damped);
                if (backend.linearAlgebra().factorUpper(damped, cancellation)) {
                    backend.rounding().splitFactor(damped, unit, pivots);
                    return Optional.of(new DampedFactor(unit, pivots, order, natural, damping, retries));
                }
                damping = Math.max(3 * damping, damping + 0.01);
            }
        }
        return Optional.empty();
    }

    private static Tensor order(Memory memory, Scope scope, InputStatistics inputs, boolean natural) {
        int n = inputs.columns();
        if (natural) {
            int[] rising = IntStream.range(0, n).toArray();
            return memory.upload(scope, MemorySegment.ofArray(rising), DType.I32, 1, n);
        }
        Tensor order = scope.allocate(DType.I32, 1, n);
        memory.argsortDescending(inputs.diagonal(), order);
        return order;
    }

    private static void permute(Memory memory, Tensor h, Tensor order, boolean natural, Tensor target) {
        if (natural) {
            memory.copy(h, target);
        } else {
            memory.permute(h, order, target);
        }
    }

    /** The group of each column in the order of rounding, I32 [1, n]. Groups stay where they are in the linear. */
    Tensor groups(ComputeBackend backend, Scope scope, int groupSize) {
        Tensor groups = scope.allocate(DType.I32, 1, order.cols());
        backend.rounding().groups(order, groupSize, groups);
        return groups;
    }
}
