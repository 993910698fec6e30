package dev.quern.engine.method;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;

/**
 * A sketch of the Fisher information of one linear as a product of Kronecker: an error E in its weights costs
 * {@code tr(outer E inner Eᵀ)} (docs/algorithms.md, two-sided rounding). Positive factors change nothing.
 *
 * @param outer H_O, F64 [m, m], both triangles, not damped; it is read only
 * @param inner H_I, F64 [n, n], likewise
 * @param windows of text that were summed
 */
public record Kronecker(Tensor outer, Tensor inner, long windows) {
    public Kronecker {
        requireSquare("outer", outer);
        requireSquare("inner", inner);
    }

    private static void requireSquare(String name, Tensor factor) {
        if (factor.dtype() != DType.F64 || factor.rows() != factor.cols()) {
            throw new IllegalArgumentException("%s: %s [%d, %d] (expected: F64, square)"
                    .formatted(name, factor.dtype(), factor.rows(), factor.cols()));
        }
    }
}
