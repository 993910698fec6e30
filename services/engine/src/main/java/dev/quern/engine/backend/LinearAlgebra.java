package dev.quern.engine.backend;

import dev.quern.engine.Cancellation;

/** Products and factorisations. */
public interface LinearAlgebra {
    /**
     * {@code c = alpha * op(a) * op(b) + beta * c}, where op transposes on request. With beta 0, c is not read.
     * Operands of {@link Precision#F32} are of any float dtype but F64, those of SPLIT_BF16X3 are F32, those of F64 of
     * any; c is F64 for F64 and else F32.
     */
    void gemm(
            Precision precision,
            double alpha,
            Tensor a,
            boolean transposeA,
            Tensor b,
            boolean transposeB,
            double beta,
            Tensor c);

    /**
     * {@code h += xᵀ x} for inputs x [tokens, n] of at most one tile and h F64 [n, n], full (both triangles). The
     * product of a tile is summed in the working precision, then added in float64.
     */
    void addGram(Tensor x, Tensor h);

    /**
     * {@code h += aᵀ b} for a and b [tokens, n] of at most one tile whose product is symmetric, and h F64 [n, n], full.
     * As {@link #addGram}; what rounding leaves between the two triangles of the product is cut off, since only its
     * lower triangle is computed and h stays symmetric to the bit.
     */
    void addSymmetric(Tensor a, Tensor b, Tensor h);

    /**
     * Factors h F64 [n, n] = V Vᵀ with V upper triangular, in place (the strict lower triangle becomes zero).
     * docs/algorithms.md, factor: this order gives GPTQ's feedback without an explicit inverse.
     *
     * @param cancellation asked at most two seconds of work apart
     * @return false when h is not positive definite or not finite; h is then undefined
     * @throws Cancellation.CancelledException when cancellation was requested; h is then undefined
     */
    boolean factorUpper(Tensor h, Cancellation cancellation);

    /**
     * {@code target = (unit diag(pivots) unitᵀ)⁻¹}: the inverse of what was factored.
     *
     * @param unit [n, n], upper triangular with ones on the diagonal; target likewise [n, n], of the same float dtype
     * @param pivots F64 [1, n], positive
     */
    void invertFactored(Tensor unit, Tensor pivots, Tensor target);

    /**
     * Multiplies segments of rows by a randomised Hadamard matrix, in place: {@code x = x Q} with {@code Q =
     * diag(signs) (factor ⊗ W) / √n} and Walsh's matrix {@code W_ij = (-1)^popcount(i and j)}. Q is orthogonal where
     * the factor is a Hadamard matrix. Computed in float64 and rounded once.
     *
     * @param signs 1 or -1, [1, n]: n is the width of a segment, a divisor of the columns
     * @param factor 1 or -1, [k, k], where n / k is a power of two; [1, 1] for an n that is one itself
     * @param target any float dtype
     */
    void hadamard(Tensor signs, Tensor factor, Tensor target);

    /** As {@link #factorUpper(Tensor, Cancellation)}, to the end. */
    default boolean factorUpper(Tensor h) {
        return factorUpper(h, Cancellation.NEVER);
    }
}
