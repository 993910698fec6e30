package dev.quern.engine.method.gptq;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Rounding.Fitting;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Rounding.Outer;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import java.lang.foreign.MemorySegment;
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
 *
 * <p>The same sweep serves the two-sided objective tr(H_O E H Eᵀ): only what happens within a panel differs
 * (docs/algorithms.md, two-sided rounding).
 */
public final class GptqSweep {
    /** Columns of a panel, the part of the sweep that is no product. */
    public static final int PANEL = 128;
    /** Columns of a panel of a two-sided sweep, whose blocks run side by side along its anti-diagonals. */
    public static final int TWO_SIDED_PANEL = 512;
    /** A product is cut where it passes this many multiplications, about a second of work, to ask for cancellation. */
    private static final double MAX_PRODUCT = 1e11;

    private static final int ROW_TILE = 256;

    private final ComputeBackend backend;
    private final DampedFactor factor;
    private final GridOptions grid;
    private final boolean lazyScales;
    /** F64 [1, n], in the factor's order. */
    private final @Nullable Tensor importance;

    private final @Nullable Outer outer;
    private final int panel;
    private final Cancellation cancellation;

    /** @param panel columns of a panel; {@link #PANEL} unless a test varies it */
    public GptqSweep(
            ComputeBackend backend, DampedFactor factor, GridOptions grid, int panel, Cancellation cancellation) {
        this(backend, factor, grid, panel, false, null, null, cancellation);
    }

    private GptqSweep(
            ComputeBackend backend,
            DampedFactor factor,
            GridOptions grid,
            int panel,
            boolean lazyScales,
            @Nullable Tensor importance,
            @Nullable Outer outer,
            Cancellation cancellation) {
        this.backend = backend;
        this.factor = factor;
        this.grid = grid;
        this.panel = panel;
        this.lazyScales = lazyScales;
        this.importance = importance;
        this.outer = outer;
        this.cancellation = cancellation;
    }

    /** Columns whose grids a sweep fits together, about a panel of GPTQ: whole groups. */
    public static int fitted(GridOptions grid) {
        return Math.max(1, PANEL / grid.groupSize()) * grid.groupSize();
    }

    /** As {@link #withLazyScales(Tensor)}, where all columns are alike. */
    public GptqSweep withLazyScales() {
        return withLazyScales(null);
    }

    /**
     * A sweep that fits the grids of a panel when it gets there, on the weights as the errors so far have moved them.
     * With panels as wide as a group this is what the published loop does. A two-sided sweep fits {@link #fitted}
     * columns of a panel at a time.
     *
     * @param importance of each column for a clip search, F64 [1, n], in the factor's order; null where all are alike
     * @throws IllegalArgumentException unless panels hold whole groups
     */
    public GptqSweep withLazyScales(@Nullable Tensor importance) {
        if (panel % grid.groupSize() != 0) {
            throw new IllegalArgumentException(
                    "panel: " + panel + " (expected: a multiple of the group size, " + grid.groupSize() + ")");
        }
        return new GptqSweep(backend, factor, grid, panel, true, importance, outer, cancellation);
    }

    /** A sweep for tr(H_O E H Eᵀ), rows in the order of the factor of H_O. */
    public GptqSweep withOuter(DampedFactor other) {
        Outer side = new Outer(other.unit(), other.pivots());
        return new GptqSweep(backend, factor, grid, panel, lazyScales, importance, side, cancellation);
    }

    /**
     * Rounds weights whose columns are in the factor's order.
     *
     * @param original [m, n]
     * @param scales [m, groups] in the linear's own order: read, or written when lazy; zeros likewise
     * @param codes U8 [m, n], out, in the factor's order
     * @param errors [m, n], out: original - quantized, in the factor's order
     * @return tr(E H Eᵀ) with the damped H, or tr(H_O E H Eᵀ) with both damped
     * @throws IllegalArgumentException when scales are lazy and the order takes the columns of a group apart
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
            Tensor original, @Nullable Tensor mask, Tensor scales, Tensor zeros, Tensor codes, Tensor errors) {
        try (Scope scope = backend.memory().scope()) {
            Tensor moved = scope.allocate(original.dtype(), original.rows(), original.cols());
            backend.memory().copy(original, moved);
            Tensor groups = factor.groups(backend, scope, grid.groupSize());
            Tensor scratch = scope.allocate(original.dtype(), lazyScales && outer == null ? original.rows() : 0, panel);
            Tensor losses = scope.allocate(DType.F64, 1, Math.ceilDiv(original.cols(), panel));
            if (lazyScales) {
                requireTogether(downloaded(groups));
            }
            Grid fitted = new Grid(grid, scales, zeros);
            Work work = new Work(original, mask, moved, groups, fitted, codes, errors, losses, scratch);
            columns(work, 0, original.cols());
            return backend.memory().value(work.loss(0, panel));
        }
    }

    private int[] downloaded(Tensor groups) {
        int[] values = new int[groups.cols()];
        backend.memory().download(groups, MemorySegment.ofArray(values));
        return values;
    }

    private void requireTogether(int[] groups) {
        for (int j = 0; j < groups.length; j++) {
            if (groups[j] != groups[j / grid.groupSize() * grid.groupSize()]) {
                throw new IllegalArgumentException(
                        "order: column %d is apart from its group (expected: groups together with lazy scales)"
                                .formatted(j));
            }
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
        Tensor pivots = factor.pivots().cols(from, to);
        Tensor mask = work.mask == null ? null : work.mask.cols(from, to);
        Panel columns = new Panel(moved, original, unit, pivots, work.groups.cols(from, to), mask);
        if (lazyScales && outer == null) {
            backend.interruptibly(cancellation, () -> fit(work, columns, importanceOf(from, to)));
        }
        backend.interruptibly(cancellation, () -> round(work, columns, from, to));
    }

    private @Nullable Tensor importanceOf(int from, int to) {
        return importance == null ? null : importance.cols(from, to);
    }

    private void fit(Work work, Panel columns, @Nullable Tensor importance) {
        Tensor compensated = work.scratch.cols(0, columns.w().cols());
        backend.rounding().compensate(columns.w(), columns.original(), columns.unit(), compensated);
        int[] groups = downloaded(columns.groups());
        int size = grid.groupSize();
        for (int col = 0; col < groups.length; col += size) {
            int group = groups[col];
            Tensor scales = work.grid.scales().cols(group, group + 1);
            Tensor zeros = work.grid.zeros().cols(group, group + 1);
            Tensor counts = importance == null ? null : importance.cols(col, col + size);
            backend.rounding().fitGrid(compensated.cols(col, col + size), counts, grid, scales, zeros);
        }
    }

    private void round(Work work, Panel columns, int from, int to) {
        Tensor codes = work.codes.cols(from, to);
        Tensor errors = work.errors.cols(from, to);
        Tensor loss = work.loss(from, panel);
        if (outer == null) {
            backend.rounding().gptqPanel(columns, work.grid, codes, errors, loss);
        } else {
            Fitting fitting = lazyScales ? new Fitting(fitted(grid), importanceOf(from, to)) : null;
            backend.rounding().twoSidedPanel(columns, outer, work.grid, fitting, codes, errors, loss);
        }
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
