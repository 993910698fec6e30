package dev.quern.engine.backend;

/**
 * Integer grids: {@code w = (u - z) * s} with codes u and zero points z in 0 .. 2^bits - 1 and a scale per row and group.
 * Scales lie in the set that bf16 and f16 both hold exactly (FORMATS.md 0.3), at least 2^-14.
 */
public interface Rounding {
    /**
     * @param groupSize columns of a group; the whole row for one scale per row
     * @param clipSearch shrink the range where that lowers the sum of |w - q|^2.4 (ALGORITHMS.md 1.2)
     * @param roundScales false leaves scales as computed, for comparisons with other implementations
     */
    record GridOptions(int bits, int groupSize, boolean symmetric, boolean clipSearch, boolean roundScales) {}

    /** Fits a grid to w [rows, cols]: scales (working dtype) and zeros (U8), both [rows, groups]. */
    void fitGrid(Tensor w, GridOptions grid, Tensor scales, Tensor zeros);

    /** {@code codes = clamp(rint(w / s) + z, 0, 2^bits - 1)}, U8 [rows, cols]. */
    void roundToNearest(Tensor w, GridOptions grid, Tensor scales, Tensor zeros, Tensor codes);

    /**
     * GPTQ's sweep over one panel of columns, all rows, columns left to right:
     * {@code c_j = w_j + Σ_{k<j in panel} (w_k - q_k) V_kj / V_jj}, {@code q_j} = c_j on its group's grid (ALGORITHMS.md 1.4).
     *
     * @param w [rows, p] working weights: the original ones plus the feedback of all earlier panels; on return the original minus
     *     the quantized values is in {@code errors}
     * @param original [rows, p] the weights as given, in the same column order
     * @param factor F64 or working dtype [p, p]: the diagonal block of V
     * @param groups I32 [1, p]: the group of each column
     * @param codes U8 [rows, p], out
     * @param errors [rows, p], out: original - quantized
     * @return Σ (c_j - q_j)² V_jj² over the panel, float64: summed over all panels it is tr(E H Eᵀ) with the damped H
     */
    double gptqPanel(
            Tensor w,
            Tensor original,
            Tensor factor,
            Tensor groups,
            GridOptions grid,
            Tensor scales,
            Tensor zeros,
            Tensor codes,
            Tensor errors);

    /** {@code target = (u - z) * s}, rounded to {@code as} first, as a loader of that dtype sees it. */
    void decode(Tensor codes, Tensor scales, Tensor zeros, int groupSize, DType as, Tensor target);
}
