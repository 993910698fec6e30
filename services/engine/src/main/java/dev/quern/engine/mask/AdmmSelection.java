package dev.quern.engine.mask;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.InputStatistics;
import dev.quern.recipes.Pruning;

/**
 * Looks for the mask and the weights on it together: {@code min tr((w - v) H (w - v)ᵀ)} over v that has few weights, by
 * the alternating direction method of multipliers (ALPS, arXiv 2406.07831). One half of a step solves for weights
 * without a mask that stay near the masked ones; the other keeps the largest of them. The penalty on their distance
 * grows until they agree. With Λ the diagonal of the damped H, masked weights d and scaled multipliers u:
 *
 * <pre>
 * v = w - ρ ((w - d + u) Λ) (H + ρ Λ)⁻¹
 * d = the largest (v + u)² Λ of each row,   u = v + u - d
 * </pre>
 *
 * The first d is Wanda's choice. Only s = v + u is kept: d is s on the mask, and u is s off it.
 */
final class AdmmSelection implements Selection {
    /** A penalty holds for so many steps; each takes a product with an [n, n] matrix. */
    private static final int STEPS = 3;

    private static final int PENALTIES = 12;
    private static final double FIRST_PENALTY = 0.1;
    private static final double GROWTH = 1.3;

    private final ComputeBackend backend;
    private final Pruning pruning;
    private final InputStatistics inputs;
    private final double damping;
    private final Tensor lambda;
    private final Tensor row;
    private final Cancellation cancellation;

    /**
     * @param scope of the unit
     * @param damping with which H has a factor, as a fraction of its mean diagonal
     */
    AdmmSelection(
            ComputeBackend backend,
            Scope scope,
            Pruning pruning,
            InputStatistics inputs,
            double damping,
            Cancellation cancellation) {
        int n = inputs.columns();
        this.backend = backend;
        this.pruning = pruning;
        this.inputs = inputs;
        this.damping = damping * inputs.meanDiagonal();
        this.lambda = scope.allocate(DType.F64, 1, n);
        this.row = scope.allocate(backend.workingType(), 1, n);
        this.cancellation = cancellation;
        try (Scope local = backend.memory().scope()) {
            Tensor damped = local.allocate(DType.F64, n, n);
            backend.memory().copy(inputs.gram(), damped);
            backend.elementwise().addDiagonal(this.damping, damped);
            backend.elementwise().diagonal(damped, lambda);
        }
        backend.memory().copy(lambda, row);
    }

    /** Upper bound of the tensor bytes of {@link #mark}. */
    static long workingBytes(int rows, int cols, int typeBytes) {
        long h = (long) cols * cols;
        return h * (Double.BYTES + 2L * typeBytes) + 3L * rows * cols * typeBytes;
    }

    /** Operations of {@link #mark}. */
    static double operations(int rows, int cols) {
        double h = (double) cols * cols;
        return PENALTIES * (STEPS * h * rows + h * cols);
    }

    @Override
    public void mark(Tensor w, Tensor mask) {
        try (Scope scope = backend.memory().scope()) {
            int n = w.cols();
            Tensor inverse = scope.allocate(w.dtype(), n, n);
            Tensor sum = like(scope, w);
            Tensor difference = like(scope, w);
            backend.memory().copy(w, sum);
            keepLargest(w, mask);
            // No multipliers yet: s is d.
            backend.elementwise().keep(mask, sum);
            double penalty = FIRST_PENALTY;
            for (int i = 0; i < PENALTIES; i++) {
                invert(penalty, inverse);
                for (int step = 0; step < STEPS; step++) {
                    step(w, mask, penalty, inverse, sum, difference);
                }
                shrinkMultipliers(mask, sum, difference);
                penalty *= GROWTH;
            }
        }
    }

    private static Tensor like(Scope scope, Tensor w) {
        return scope.allocate(w.dtype(), w.rows(), w.cols());
    }

    private void keepLargest(Tensor w, Tensor mask) {
        int cols = w.cols();
        backend.rounding().keepLargest(w, lambda, pruning.kept(cols), pruning.run(cols), mask);
    }

    /** {@code (H + ρ Λ)⁻¹}. */
    private void invert(double penalty, Tensor target) {
        int n = target.cols();
        try (Scope scope = backend.memory().scope()) {
            Tensor penalised = scope.allocate(DType.F64, n, n);
            backend.memory().copy(inputs.gram(), penalised);
            backend.elementwise().addDiagonal(damping, penalised);
            backend.elementwise().addDiagonal(penalty, lambda, penalised);
            if (!backend.linearAlgebra().factorUpper(penalised, cancellation)) {
                throw new IllegalStateException("H: has no factor (expected: it had one without a penalty)");
            }
            Tensor unit = scope.allocate(target.dtype(), n, n);
            Tensor pivots = scope.allocate(DType.F64, 1, n);
            backend.rounding().splitFactor(penalised, unit, pivots);
            backend.linearAlgebra().invertFactored(unit, pivots, target);
        }
    }

    private void step(Tensor w, Tensor mask, double penalty, Tensor inverse, Tensor sum, Tensor difference) {
        cancellation.check();
        Precision precision = backend.precision(Precision.Use.SOLVE);
        try (Scope scope = backend.memory().scope()) {
            Tensor multipliers = like(scope, w);
            // u = s - d, and w - d + u = w - s + 2 u.
            multipliers(mask, sum, multipliers);
            backend.memory().copy(sum, difference);
            backend.elementwise().scale(-1, difference);
            backend.elementwise().add(difference, w, difference);
            backend.elementwise().add(difference, multipliers, difference);
            backend.elementwise().add(difference, multipliers, difference);
            backend.elementwise().multiplyRow(row, difference);
            backend.linearAlgebra().gemm(precision, -penalty, difference, false, inverse, false, 0, sum);
            backend.elementwise().add(sum, w, sum);
            backend.elementwise().add(sum, multipliers, sum);
        }
        keepLargest(sum, mask);
    }

    private void multipliers(Tensor mask, Tensor sum, Tensor target) {
        backend.memory().copy(sum, target);
        backend.elementwise().keep(mask, target);
        backend.elementwise().scale(-1, target);
        backend.elementwise().add(target, sum, target);
    }

    /** Scaled multipliers are a share of the penalty: what they stand for does not change when it grows. */
    private void shrinkMultipliers(Tensor mask, Tensor sum, Tensor scratch) {
        multipliers(mask, sum, scratch);
        backend.elementwise().scale(1 / GROWTH - 1, scratch);
        backend.elementwise().add(sum, scratch, sum);
    }
}
