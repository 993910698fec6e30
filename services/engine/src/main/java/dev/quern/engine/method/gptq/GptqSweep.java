package dev.quern.engine.method.gptq;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * GPTQ's sweep over the columns of one linear (Frantar et al., arXiv 2210.17323) in its feedback form: column j is
 * rounded at {@code c_j = w_j + Σ_{k<j} (w_k - q_k) unit_kj}. The errors are taken from the weights as given, never
 * from weights that earlier steps have moved, so rounding noise does not build up.
 *
 * <p>Columns are split in halves, recursively, down to panels; between the halves one product carries the errors of the
 * left half to the right half, so nearly all work is large products:
 *
 * <pre>
 * |  panel  | panel |  panel  | panel |
 *   └─ gemm ─┘         └─ gemm ─┘
 *   └────── gemm ───────┘
 * </pre>
 */
public final class GptqSweep {
    /** Columns of a panel, the part of the sweep that is no product. */
    public static final int PANEL = 128;
    /** A product is cut where it passes this many multiplications, about a second of work, to ask for cancellation. */
    private static final double MAX_PRODUCT = 1e11;

    private static final int ROW_TILE = 256;

    private final ComputeBackend backend;
    private final DampedFactor factor;
    private final GridOptions grid;
    private final boolean lazyScales;
    private final int panel;
    private final Cancellation cancellation;

    /** @param panel columns of a panel; {@link #PANEL} unless a test varies it */
    public GptqSweep(
            ComputeBackend backend, DampedFactor factor, GridOptions grid, int panel, Cancellation cancellation) {
        this(backend, factor, grid, panel, false, cancellation);
    }

    private GptqSweep(
            ComputeBackend backend,
            DampedFactor factor,
            GridOptions grid,
            int panel,
            boolean lazyScales,
            Cancellation cancellation) {
        this.backend = backend;
        this.factor = factor;
        this.grid = grid;
        this.panel = panel;
        this.lazyScales = lazyScales;
        this.cancellation = cancellation;
    }

    /**
     * A sweep that fits the grid of a group when it gets there, on the weights as the errors so far have moved them.
     * This is what the published loop does; for comparisons only, since static scales serve every order of columns.
     *
     * @throws IllegalArgumentException unless the factor is in natural order
     */
    public static GptqSweep withLazyScales(
            ComputeBackend backend, DampedFactor factor, GridOptions grid, Cancellation cancellation) {
        if (!factor.natural()) {
            throw new IllegalArgumentException("order: STATIC (expected: NONE with lazy scales)");
        }
        return new GptqSweep(backend, factor, grid, grid.groupSize(), true, cancellation);
    }

    /**
     * Rounds weights whose columns are in the factor's order.
     *
     * @param original [m, n]
     * @param scales [m, groups] in the linear's own order: read, or written when lazy; zeros likewise
     * @param codes U8 [m, n], out, in the factor's order
     * @param errors [m, n], out: original - quantized, in the factor's order
     * @return tr(E H Eᵀ) with the damped H
     */
    public double run(Tensor original, Tensor scales, Tensor zeros, Tensor codes, Tensor errors) {
        return run(original, null, scales, zeros, codes, errors);
    }

    /**
     * As {@link #run(Tensor, Tensor, Tensor, Tensor, Tensor)}, where only a mask is rounded: weights off it are zero,
     * and become the code of zero.
     *
     * @param mask U8 [m, n], in the factor's order; null keeps all weights
     */
    public double run(
            Tensor original,
            @Nullable Tensor mask,
            Tensor scales,
            Tensor zeros,
            Tensor codes,
            Tensor errors) {
        try (Scope scope = backend.memory().scope()) {
            Tensor moved = scope.allocate(original.dtype(), original.rows(), original.cols());
            backend.memory().copy(original, moved);
            Tensor groups = factor.groups(backend, scope, grid.groupSize());
            Tensor scratch = scope.allocate(original.dtype(), lazyScales ? original.rows() : 0, panel);
            Tensor losses = scope.allocate(DType.F64, 1, Math.ceilDiv(original.cols(), panel));
            Grid fitted = new Grid(grid, scales, zeros);
            Work work = new Work(original, mask, moved, groups, fitted, codes, errors, losses, scratch);
            columns(work, 0, original.cols());
            return backend.memory().value(work.loss(0, panel));
        }
    }

    /**
     * @param moved [m, n]: the weights plus the feedback so far
     * @param groups I32 [1, n]
     * @param losses F64 [1, panels]: that of a run of panels is in the cell of its first
     * @param scratch [m, panel] when lazy
     */
    private record Work(
            Tensor original,
            @Nullable Tensor mask,
            Tensor moved,
            Tensor groups,
            Grid grid,
            Tensor codes,
            Tensor errors,
            Tensor losses,
            Tensor scratch) {
        /** The loss of the panels from this column on. */
        Tensor loss(int column, int panel) {
            return losses.cols(column / panel, column / panel + 1);
        }
    }

    private void columns(Work work, int from, int to) {
        if (to - from <= panel) {
            panel(work, from, to);
            return;
        }
        int panels = Math.ceilDiv(to - from, panel);
        int middle = from + Math.ceilDiv(panels, 2) * panel;
        columns(work, from, middle);
        feedback(work, from, middle, to);
        columns(work, middle, to);
        Tensor loss = work.loss(from, panel);
        backend.elementwise().add(loss, work.loss(middle, panel), loss);
    }

    private void panel(Work work, int from, int to) {
        cancellation.check();
        Tensor moved = work.moved.cols(from, to);
        Tensor original = work.original.cols(from, to);
        Tensor unit = factor.unit().rows(from, to).cols(from, to);
        if (lazyScales) {
            int group = from / grid.groupSize();
            backend.rounding().compensate(moved, original, unit, work.scratch);
            Tensor scales = work.grid.scales().cols(group, group + 1);
            backend.rounding()
                    .fitGrid(work.scratch, grid, scales, work.grid.zeros().cols(group, group + 1));
        }
        Tensor pivots = factor.pivots().cols(from, to);
        Tensor mask = work.mask == null ? null : work.mask.cols(from, to);
        backend.rounding()
                .gptqPanel(
                        new Panel(moved, original, unit, pivots, work.groups.cols(from, to), mask),
                        work.grid,
                        work.codes.cols(from, to),
                        work.errors.cols(from, to),
                        work.loss(from, panel));
    }

    /** Carries the errors of the columns before middle to those from middle on. */
    private void feedback(Work work, int from, int middle, int to) {
        Precision precision = backend.precision(Precision.Use.SOLVE);
        Tensor unit = factor.unit().rows(from, middle).cols(middle, to);
        int rows = work.original.rows();
        double rowsPerProduct = MAX_PRODUCT / ((double) (middle - from) * (to - middle));
        int tile = Math.max(1, (int) (Math.min(rows, rowsPerProduct) / ROW_TILE)) * ROW_TILE;
        for (int row = 0; row < rows; row += tile) {
            cancellation.check();
            int end = Math.min(row + tile, rows);
            Tensor left = work.errors.rows(row, end).cols(from, middle);
            Tensor target = work.moved.rows(row, end).cols(middle, to);
            backend.linearAlgebra().gemm(precision, 1, left, false, unit, false, 1, target);
        }
    }
}
