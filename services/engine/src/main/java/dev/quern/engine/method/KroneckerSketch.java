package dev.quern.engine.method;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A sketch of the Fisher information of one linear as a product of Kronecker: an error E in its weights costs
 * {@code tr(outer E inner Eᵀ)} (docs/algorithms.md, two-sided rounding). Both are sums over windows or tokens; a
 * positive factor changes nothing, so they stand for their own multiples.
 *
 * @param outer H_O, F64 [m, m], both triangles, not damped; it is read only
 * @param inner H_I, F64 [n, n], likewise; null where only the outputs were summed
 * @param windows how many
 */
public record KroneckerSketch(Tensor outer, @Nullable Tensor inner, long windows) {
    public KroneckerSketch {
        requireSquare("outer", outer);
        if (inner != null) {
            requireSquare("inner", inner);
        }
    }

    /**
     * The same with another factor of the inputs.
     *
     * @param other F64 [n, n], both triangles
     */
    public KroneckerSketch withInner(Tensor other) {
        return new KroneckerSketch(outer, other, windows);
    }

    /**
     * The factor of the inputs.
     *
     * @throws IllegalStateException where only the outputs were summed
     */
    public Tensor requireInner() {
        if (inner == null) {
            throw new IllegalStateException("inner: null (expected: a sketch of both sides)");
        }
        return inner;
    }

    private static void requireSquare(String name, Tensor factor) {
        if (factor.dtype() != DType.F64 || factor.rows() != factor.cols()) {
            throw new IllegalArgumentException("%s: %s [%d, %d] (expected: F64, square)"
                    .formatted(name, factor.dtype(), factor.rows(), factor.cols()));
        }
    }
}
