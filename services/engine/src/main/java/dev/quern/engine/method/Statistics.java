package dev.quern.engine.method;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;

/**
 * What calibration recorded at the input of a work unit.
 *
 * @param gram H = Σ x xᵀ over the tokens, F64 [n, n], both triangles, not damped; it is read only
 * @param tokens how many inputs were summed
 */
public record Statistics(Tensor gram, long tokens) {
    public Statistics {
        if (gram.dtype() != DType.F64 || gram.rows() != gram.cols()) {
            throw new IllegalArgumentException(
                    "gram: %s [%d, %d] (expected: F64, square)".formatted(gram.dtype(), gram.rows(), gram.cols()));
        }
    }
}
