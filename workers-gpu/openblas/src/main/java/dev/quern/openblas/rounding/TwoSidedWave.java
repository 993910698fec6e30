package dev.quern.openblas.rounding;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.Fitting;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.Outer;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.openblas.blas.Blas;
import org.jspecify.annotations.Nullable;

/**
 * The two-sided sweep of a panel, cut into blocks. A block needs what was lost above it and the errors to its left, so
 * the blocks of an anti-diagonal do not need each other and run side by side:
 *
 * <pre>
 * 0 1 2 3
 * 1 2 3 4
 * 2 3 4 5
 * </pre>
 *
 * <p>One product brings each side's feedback to a block; only what happens within the block is left to the kernel.
 */
final class TwoSidedWave {
    /** Smaller blocks leave more to products and make these less efficient. */
    private static final int ROWS = 64;

    private static final int COLS = 128;

    private final VectorRounding rounding;
    private final HostAllocator allocator;
    private final Panel panel;
    private final Outer outer;
    private final Grid grid;
    private final int[] groups;
    private final @Nullable Fitting fitting;
    private final int width;
    private final HostTensor w;
    private final HostTensor errors;
    private final TwoSidedKernel kernel;

    /** @param fitting grids are fitted when a block is reached; null takes the grid as given */
    TwoSidedWave(
            VectorRounding rounding,
            HostAllocator allocator,
            Panel panel,
            Outer outer,
            Grid grid,
            @Nullable Fitting fitting,
            Tensor errors,
            TwoSidedKernel kernel) {
        this.rounding = rounding;
        this.allocator = allocator;
        this.panel = panel;
        this.outer = outer;
        this.grid = grid;
        this.groups = HostTensor.of(panel.groups()).ints();
        this.fitting = fitting;
        this.width = fitting == null ? COLS : fitting.columns();
        this.w = HostTensor.of(panel.w());
        this.errors = HostTensor.of(errors);
        this.kernel = kernel;
    }

    void run(HostThreads threads, Tensor loss) {
        int down = Math.ceilDiv(w.rows(), ROWS);
        int across = Math.ceilDiv(w.cols(), width);
        double[] losses = new double[down * across];
        for (int diagonal = 0; diagonal < down + across - 1; diagonal++) {
            int sum = diagonal;
            int first = Math.max(0, diagonal - across + 1);
            int blocks = Math.min(down, diagonal + 1) - first;
            threads.run(
                    blocks, i -> losses[(first + i) * across + sum - first - i] = block(first + i, sum - first - i));
        }
        HostTensor.of(loss).addSum(losses);
    }

    private double block(int down, int across) {
        int row = down * ROWS;
        int col = across * width;
        int toRow = Math.min(w.rows(), row + ROWS);
        int toCol = Math.min(w.cols(), col + width);
        try (Scope scope = allocator.scratch()) {
            fromTheLeft(row, toRow, col, toCol);
            if (fitting != null) {
                fit(row, toRow, col, toCol, fitting.importance(), zeros(scope, toRow - row, toCol - col));
            }
            HostTensor above = zeros(scope, toRow - row, toCol - col);
            fromAbove(row, toRow, col, toCol, above);
            return kernel.run(row, toRow, col, toCol, above);
        }
    }

    private static HostTensor zeros(Scope scope, int rows, int cols) {
        return HostTensor.of(scope.allocate(DType.F32, rows, cols));
    }

    private void fromTheLeft(int row, int toRow, int col, int toCol) {
        if (col > 0) {
            HostTensor left = errors.rows(row, toRow).cols(0, col);
            HostTensor unit = HostTensor.of(panel.unit()).rows(0, col).cols(col, toCol);
            Blas.gemm(1, left, false, unit, false, 1, w.rows(row, toRow).cols(col, toCol));
        }
    }

    private void fit(int row, int toRow, int col, int toCol, @Nullable Tensor importance, HostTensor compensated) {
        HostTensor moved = w.rows(row, toRow).cols(col, toCol);
        Tensor original = panel.original().rows(row, toRow).cols(col, toCol);
        Tensor unit = panel.unit().rows(col, toCol).cols(col, toCol);
        rounding.compensate(moved, original, unit, compensated);
        int size = grid.options().groupSize();
        for (int j = col; j < toCol; j += size) {
            Tensor scales = grid.scales().rows(row, toRow).cols(groups[j], groups[j] + 1);
            Tensor zeros = grid.zeros().rows(row, toRow).cols(groups[j], groups[j] + 1);
            Tensor group = importance == null ? null : importance.cols(j, j + size);
            rounding.fitGrid(compensated.cols(j - col, j - col + size), group, grid.options(), scales, zeros);
        }
    }

    private void fromAbove(int row, int toRow, int col, int toCol, HostTensor feedback) {
        if (row > 0) {
            HostTensor unit = HostTensor.of(outer.unit()).rows(0, row).cols(row, toRow);
            Blas.gemm(1, unit, true, w.rows(0, row).cols(col, toCol), false, 0, feedback);
        }
    }
}
