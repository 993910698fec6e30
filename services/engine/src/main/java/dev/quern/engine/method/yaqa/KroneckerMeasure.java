package dev.quern.engine.method.yaqa;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.KroneckerSketch;

/**
 * {@code tr(H_O E H_I Eᵀ)}, up to a factor that is the same for every E: the sum over all elements of {@code (H_O E) *
 * (E H_I)}.
 */
public final class KroneckerMeasure {
    private static final int BLOCK = 512;

    private final ComputeBackend backend;
    private final Tensor outer;
    private final Tensor inner;
    private final Cancellation cancellation;

    /** Copies of the factors in the working type are kept in the scope, with a mean of 1 on their diagonals. */
    public KroneckerMeasure(ComputeBackend backend, Scope scope, KroneckerSketch sketch, Cancellation cancellation) {
        this.backend = backend;
        this.cancellation = cancellation;
        outer = normalised(scope, sketch.outer());
        inner = normalised(scope, sketch.requireInner());
    }

    /** Sums of squared gradients may be out of reach of float32. */
    private Tensor normalised(Scope scope, Tensor factor) {
        Tensor target = scope.allocate(backend.workingType(), factor.rows(), factor.cols());
        try (Scope local = backend.memory().scope()) {
            Tensor diagonal = local.allocate(DType.F64, 1, factor.cols());
            backend.elementwise().diagonal(factor, diagonal);
            double mean = backend.elementwise().mean(diagonal);
            Tensor copy = local.allocate(DType.F64, factor.rows(), factor.cols());
            backend.memory().copy(factor, copy);
            backend.elementwise().scale(mean > 0 ? 1 / mean : 1, copy);
            backend.memory().copy(copy, target);
        }
        return target;
    }

    /** @param e working type [m, n] */
    public double of(Tensor e) {
        try (Scope scope = backend.memory().scope()) {
            Tensor sum = scope.allocate(DType.F64, 1, 1);
            int width = Math.min(BLOCK, e.cols());
            Tensor left = scope.allocate(e.dtype(), e.rows(), width);
            Tensor right = scope.allocate(e.dtype(), e.rows(), width);
            for (int from = 0; from < e.cols(); from += BLOCK) {
                cancellation.check();
                int to = Math.min(from + BLOCK, e.cols());
                Tensor byOutputs = left.cols(0, to - from);
                Tensor byInputs = right.cols(0, to - from);
                product(outer, e.cols(from, to), byOutputs);
                product(e, inner.cols(from, to), byInputs);
                backend.elementwise().addDot(byOutputs, byInputs, sum);
            }
            return backend.memory().value(sum);
        }
    }

    private void product(Tensor a, Tensor b, Tensor target) {
        Precision precision = backend.precision(Precision.Use.SOLVE);
        backend.interruptibly(
                cancellation, () -> backend.linearAlgebra().gemm(precision, 1, a, false, b, false, 0, target));
    }
}
