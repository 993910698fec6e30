package dev.quern.engine.backend;

import org.jspecify.annotations.Nullable;

/**
 * Integer grids: {@code w = (u - z) * s} with codes u and zero points z in 0 .. 2^bits - 1 and a scale per row and
 * group. Scales are exact in the dtype of the checkpoint, and in bf16, f16 and float32 where they are ordinary
 * (docs/adr/0020).
 *
 * <p>A sweep needs H = V Vᵀ as {@code V = unit * sqrt(pivots)}: unit has a diagonal of ones and is upper triangular,
 * pivots are the squares of V's diagonal, so {@code tr(E H Eᵀ) = Σ_j pivot_j |E unit_j|²} for any E = W - Q
 * (docs/algorithms.md, factor).
 */
public interface Rounding {
    /**
     * @param groupSize columns of a group, a divisor of the columns; all columns for one scale per row
     * @param symmetric fixes the zero point at 2^(bits-1)
     * @param clipSearch shrink the range where that lowers the error of plain rounding (docs/algorithms.md, grids)
     * @param stored the dtype of the checkpoint: scales are exact in it, and every code decodes to a finite value of
     *     it; null leaves scales as computed, for comparisons with other implementations
     */
    record GridOptions(
            int bits,
            int groupSize,
            boolean symmetric,
            boolean clipSearch,
            @Nullable DType stored) {
        /** The largest code. */
        public int top() {
            return (1 << bits) - 1;
        }

        /** The zero point of a symmetric grid. */
        public int middle() {
            return 1 << (bits - 1);
        }
    }

    /**
     * A grid that was fitted to weights of these rows.
     *
     * @param scales working type [rows, groups]
     * @param zeros U8 [rows, groups]
     */
    record Grid(GridOptions options, Tensor scales, Tensor zeros) {}

    /**
     * A panel of p columns of a sweep, all rows.
     *
     * @param w [rows, p] the weights plus the feedback of all earlier panels
     * @param original [rows, p] the weights as given, in the same column order
     * @param unit working type [p, p]: the panel's diagonal block
     * @param pivots F64 [1, p]
     * @param groups I32 [1, p]: the group of each column
     * @param mask U8 [rows, p], where a 0 becomes the code of zero; null keeps all weights
     */
    record Panel(
            Tensor w,
            Tensor original,
            Tensor unit,
            Tensor pivots,
            Tensor groups,
            @Nullable Tensor mask) {
        /** One that keeps all weights. */
        public Panel(Tensor w, Tensor original, Tensor unit, Tensor pivots, Tensor groups) {
            this(w, original, unit, pivots, groups, null);
        }
    }

    /**
     * The side of the outputs in a two-sided sweep: {@code H_O = V Vᵀ}, split as a factor of H, rows in the order in
     * which they are rounded.
     *
     * @param unit working type [rows, rows]
     * @param pivots F64 [1, rows]
     */
    record Outer(Tensor unit, Tensor pivots) {}

    /**
     * Grids that a sweep fits on its way: every so many columns, whole groups that are together, those of the next ones
     * are fitted to what {@link #compensate} makes of them, with the feedback of all columns before.
     *
     * @param importance F64 [1, p], of each column of the panel, as {@link #fitGrid} takes it; null where all count
     *     alike
     */
    record Fitting(int columns, @Nullable Tensor importance) {}

    /**
     * Fits a grid to w [rows, cols]: scales (working dtype) and zeros (U8), both [rows, groups]. Of zeros, a finite
     * scale.
     *
     * @param importance F64 [1, cols], not negative: a clip search lowers Σ importance_j (w_j - q_j)²; null lowers Σ
     *     |w_j - q_j|^2.4
     */
    void fitGrid(Tensor w, @Nullable Tensor importance, GridOptions grid, Tensor scales, Tensor zeros);

    /** Fits a grid to weights of the same importance. */
    default void fitGrid(Tensor w, GridOptions grid, Tensor scales, Tensor zeros) {
        fitGrid(w, null, grid, scales, zeros);
    }

    /**
     * What moving the scale of a group does to the quadratic error tr(E H Eᵀ) of its rows, E = W - Q.
     *
     * @param steps [rows, p]: u - z, the weights of the group in units of their scale
     * @param products [rows, p]: steps times H of the group's columns
     * @param gradient [rows, p]: E H in the group's columns
     */
    record Refit(Tensor steps, Tensor products, Tensor gradient) {}

    /**
     * Moves the scale of each row of a group to where the error is least while its codes stay: {@code s += <steps,
     * gradient> / <steps, products>}, to the nearest scale of the stored dtype. A scale stays where that does not lower
     * the error.
     *
     * @param scales [rows, 1], in and out
     */
    void refitScales(Refit group, GridOptions grid, Tensor scales);

    /**
     * {@code codes = clamp(rint(w / s) + z, 0, 2^bits - 1)}, U8 [rows, cols]; the quotient is rounded to the dtype of
     * w.
     */
    void roundToNearest(Tensor w, GridOptions grid, Tensor scales, Tensor zeros, Tensor codes);

    /**
     * Splits V F64 [n, n] into unit and pivots.
     *
     * @param unit working dtype [n, n], out: V_ij / V_jj, zero below the diagonal
     * @param pivots F64 [1, n], out: V_jj²
     */
    void splitFactor(Tensor v, Tensor unit, Tensor pivots);

    /** {@code groups_j = order_j / groupSize}: the group of the column that is rounded j-th; both I32 [1, n]. */
    void groups(Tensor order, int groupSize, Tensor groups);

    /**
     * GPTQ's sweep over one panel of columns, all rows, columns left to right: {@code c_j = w_j + Σ_{k<j in panel}
     * (original_k - q_k) unit_kj}, {@code q_j} = c_j on its group's grid, or zero off the mask.
     *
     * @param codes U8 [rows, p], out
     * @param errors [rows, p], out: original - quantized
     * @param loss F64 [1, 1]: Σ (c_j - q_j)² pivot_j over the panel is added to it; over all panels that is tr(E H Eᵀ),
     *     exactly
     */
    void gptqPanel(Panel panel, Grid grid, Tensor codes, Tensor errors, Tensor loss);

    /**
     * A two-sided sweep over one panel of columns, all rows (docs/algorithms.md, two-sided rounding). With {@code c_ij
     * = w_ij + Σ_{k<j in panel} (original - q)_ik unit_kj}, as in GPTQ, weight (i, j) becomes the code that is nearest
     * to {@code c_ij + Σ_{k<i} (c - q)_kj outer_ki} on the grid of its row and group.
     *
     * @param panel its w is overwritten: in, the weights plus the feedback of all earlier panels; out, c - q
     * @param fitting null for a grid that is given
     * @param codes U8 [rows, p], out
     * @param errors [rows, p], out: original - quantized
     * @param loss F64 [1, 1]: Σ (target - q)² pivot_j outerPivot_i over the panel is added to it; over all panels that
     *     is tr(H_O E H Eᵀ), exactly
     */
    void twoSidedPanel(
            Panel panel, Outer outer, Grid grid, @Nullable Fitting fitting, Tensor codes, Tensor errors, Tensor loss);

    /**
     * What the weights of a panel would be, were they free to repay the errors of all earlier panels: solves
     * {@code (target - original) unit = w - original}. The weights that the published loop holds at this point, and
     * fits lazy scales to.
     *
     * @param w [rows, p] the weights plus the feedback of all earlier panels; original and target likewise
     * @param unit working dtype [p, p]: the panel's diagonal block
     */
    void compensate(Tensor w, Tensor original, Tensor unit, Tensor target);

    /**
     * {@code target = (u - z) * s}, rounded to {@code as} first, as a loader of that dtype sees it.
     *
     * @param groupSize columns of a group, a divisor of the columns
     */
    void decode(Tensor codes, Tensor scales, Tensor zeros, int groupSize, DType as, Tensor target);

    /**
     * Marks the weights to keep: in every run of {@code segment} columns of a row those with the largest {@code w²
     * importance}, of equal ones the first.
     *
     * @param w [rows, n]
     * @param importance F64 [1, n], of each column
     * @param keep 0 to segment
     * @param segment a divisor of n; n itself for whole rows
     * @param mask U8 [rows, n], out: 1 for what is kept, else 0
     */
    void keepLargest(Tensor w, Tensor importance, int keep, int segment, Tensor mask);

    /**
     * Weights that are rounded on supports of their own.
     *
     * @param w [rows, n], zero off the mask
     * @param mask U8 [rows, n]: 1 for what is kept, else 0
     * @param h F64 [n, n], symmetric and positive definite
     * @param order a permutation, I32 [1, n]: the column that is rounded j-th
     */
    record Supported(Tensor w, Tensor mask, Tensor h, Tensor order) {}

    /**
     * The sweep of {@link #gptqPanel} over whole rows, each with the factor of H on its own support: with {@code H_II =
     * V Vᵀ} over the kept columns I of a row in their order, {@code c_j = w_j + Σ_{k<j in I} (w_k - q_k) V_kj / V_jj}.
     * No error is passed to a weight that cannot take it. Weights off the mask become the code of zero.
     *
     * @param codes U8 [rows, n], out
     * @param loss F64 [1, 1]: Σ (c_j - q_j)² V_jj² over all rows is added to it; that is tr(E H Eᵀ), exactly
     */
    void roundOnSupport(Supported weights, Grid grid, Tensor codes, Tensor loss);

    /**
     * Conjugate gradients for rows y that are zero on their masks, while y A becomes b off them; each row is a system
     * of its own, preconditioned by the diagonal of A, which is symmetric and positive definite. The solutions
     * themselves are not kept.
     *
     * @param mask U8 [rows, n]: 0 where y is free, else 1
     * @param residual [rows, n]: {@code b - y A}, in all columns
     * @param direction [rows, n], zero on the mask
     * @param energies F64 [rows, 1]: residual times preconditioned residual, off the mask; zeros before the first turn
     */
    record Descent(Tensor mask, Tensor residual, Tensor direction, Tensor energies) {}

    /**
     * Takes each row to the lowest point in its direction.
     *
     * @param product [rows, n]: direction times A
     * @param gain F64 [1, 1]: by how much y A yᵀ - 2 b yᵀ fell, added to it for all rows
     */
    void descend(Descent descent, Tensor product, Tensor gain);

    /**
     * Gives each row its next direction, conjugate to those before.
     *
     * @param diagonal F64 [1, n]: of A
     */
    void turn(Descent descent, Tensor diagonal);
}
