package dev.quern.engine.method;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import org.jspecify.annotations.Nullable;

/** {@code tr(E H Eᵀ)}: what an error E in the weights does to the outputs, summed over the calibration inputs. */
public final class ErrorMeasure {
    private static final int BLOCK = 512;
    private static final int ROW_TILE = 4096;

    private final ComputeBackend backend;
    private final @Nullable Tensor h;
    private final Cancellation cancellation;

    private ErrorMeasure(ComputeBackend backend, @Nullable Tensor h, Cancellation cancellation) {
        this.backend = backend;
        this.h = h;
        this.cancellation = cancellation;
    }

    /** With H = I: the sum of squares. */
    public static ErrorMeasure plain(ComputeBackend backend) {
        return new ErrorMeasure(backend, null, Cancellation.NEVER);
    }

    /** @param gram H, F64 [n, n], symmetric; a copy in the working type is kept in the scope */
    public static ErrorMeasure weighted(ComputeBackend backend, Scope scope, Tensor gram, Cancellation cancellation) {
        Tensor h = scope.allocate(backend.workingType(), gram.rows(), gram.cols());
        backend.memory().copy(gram, h);
        return new ErrorMeasure(backend, h, cancellation);
    }

    /** Bytes that measuring allocates beside H. */
    public static long scratchBytes(int rows, int typeBytes) {
        return (long) Math.min(rows, ROW_TILE) * BLOCK * typeBytes;
    }

    /** @param e working type [m, n] */
    public double of(Tensor e) {
        try (Scope scope = backend.memory().scope()) {
            Tensor sum = scope.allocate(DType.F64, 1, 1);
            if (h == null) {
                backend.elementwise().addDot(e, e, sum);
            } else {
                for (int row = 0; row < e.rows(); row += ROW_TILE) {
                    rows(e.rows(row, Math.min(row + ROW_TILE, e.rows())), h, sum);
                }
            }
            return backend.memory().value(sum);
        }
    }

    private void rows(Tensor e, Tensor h, Tensor total) {
        try (Scope scope = backend.memory().scope()) {
            Tensor sum = scope.allocate(DType.F64, 1, 1);
            Tensor scratch = scope.allocate(e.dtype(), e.rows(), Math.min(BLOCK, e.cols()));
            for (int from = 0; from < e.cols(); from += BLOCK) {
                cancellation.check();
                int to = Math.min(from + BLOCK, e.cols());
                Tensor product = scratch.cols(0, to - from);
                // H is symmetric: blocks above the diagonal count twice, those below are not computed.
                product(1, e.cols(from, to), h.rows(from, to).cols(from, to), 0, product);
                if (from > 0) {
                    product(2, e.cols(0, from), h.rows(0, from).cols(from, to), 1, product);
                }
                backend.elementwise().addDot(product, e.cols(from, to), sum);
            }
            backend.elementwise().add(total, sum, total);
        }
    }

    private void product(double factor, Tensor a, Tensor b, double keep, Tensor target) {
        Precision precision = backend.precision(Precision.Use.SOLVE);
        backend.linearAlgebra().gemm(precision, factor, a, false, b, false, keep, target);
    }
}
