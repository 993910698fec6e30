package dev.quern.engine.method;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Recipe;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Weights on a grid, in backend memory.
 *
 * @param codes U8 [m, n]
 * @param scales working type [m, groups]; zeros U8, likewise
 * @param importance of each column for the clip search that found the grid, F64 [1, n]; null where all were alike
 * @param mask U8 [m, n], where a 0 stays the code of zero; null where every weight is kept
 */
public record GridCodes(
        ComputeBackend backend,
        GridOptions grid,
        Tensor codes,
        Tensor scales,
        Tensor zeros,
        @Nullable Tensor importance,
        @Nullable Tensor mask) {
    /** Weights of a call: a search over them takes less than a second of work. */
    private static final int FIT_ELEMENTS = 1 << 23;

    /** Fits a grid to w and rounds it to the nearest codes. */
    public static GridCodes nearest(
            ComputeBackend backend, Scope scope, Tensor w, GridOptions grid, Cancellation cancellation) {
        return nearest(backend, scope, w, null, null, grid, cancellation);
    }

    /**
     * As {@link #nearest(ComputeBackend, Scope, Tensor, GridOptions, Cancellation)}, where columns are of different
     * importance and some weights are pruned.
     *
     * @param importance of each column for a clip search, F64 [1, n]; null where all are alike
     * @param mask U8 [m, n], where a 0 stands for a weight of zero; null where every weight is kept
     */
    public static GridCodes nearest(
            ComputeBackend backend,
            Scope scope,
            Tensor w,
            @Nullable Tensor importance,
            @Nullable Tensor mask,
            GridOptions grid,
            Cancellation cancellation) {
        int groups = w.cols() / grid.groupSize();
        Tensor codes = scope.allocate(DType.U8, w.rows(), w.cols());
        Tensor scales = scope.allocate(w.dtype(), w.rows(), groups);
        Tensor zeros = scope.allocate(DType.U8, w.rows(), groups);
        int tile = Math.max(1, FIT_ELEMENTS / w.cols());
        for (int row = 0; row < w.rows(); row += tile) {
            cancellation.check();
            int end = Math.min(row + tile, w.rows());
            backend.rounding().fitGrid(w.rows(row, end), importance, grid, scales.rows(row, end), zeros.rows(row, end));
        }
        backend.rounding().roundToNearest(w, grid, scales, zeros, codes);
        return new GridCodes(backend, grid, codes, scales, zeros, importance, mask);
    }

    /** Other codes on the same grid. */
    public GridCodes with(Tensor other) {
        return new GridCodes(backend, grid, other, scales, zeros, importance, mask);
    }

    /**
     * The mask of weights that were pruned.
     *
     * @throws IllegalStateException where every weight is kept
     */
    public Tensor requireMask() {
        if (mask == null) {
            throw new IllegalStateException("mask: none (expected: one of a recipe that prunes)");
        }
        return mask;
    }

    /** {@code target = w - decode(as)}. */
    public void error(Tensor w, DType as, Tensor target) {
        backend.rounding().decode(codes, scales, zeros, grid.groupSize(), as, target);
        backend.elementwise().scale(-1, target);
        backend.elementwise().add(target, w, target);
    }

    /** Mean over groups of the scale over the scale that spans the largest weight of the group in w. */
    public double scaleToAbsmax(Tensor w) {
        try (Scope scope = backend.memory().scope()) {
            GridOptions spanning = new GridOptions(grid.bits(), grid.groupSize(), grid.symmetric(), false, null);
            Tensor whole = scope.allocate(scales.dtype(), scales.rows(), scales.cols());
            Tensor unused = scope.allocate(DType.U8, scales.rows(), scales.cols());
            backend.rounding().fitGrid(w, spanning, whole, unused);
            return backend.elementwise().meanRatio(scales, whole);
        }
    }

    /** A copy in host memory. */
    public CompressedLinear toLinear(LinearId id, Recipe.Grid recipe) {
        byte[] u = bytes(codes);
        IntegerGrid core = new IntegerGrid(
                grid.bits(), recipe.groupSizeFor(codes.cols()), grid.symmetric(), u, bytes(zeros), floats(scales));
        return new CompressedLinear(id, codes.rows(), codes.cols(), core);
    }

    private byte[] bytes(Tensor tensor) {
        byte[] values = new byte[Math.multiplyExact(tensor.rows(), tensor.cols())];
        backend.memory().download(tensor, MemorySegment.ofArray(values));
        return values;
    }

    /** Exact for scales of the exact set. */
    private float[] floats(Tensor tensor) {
        float[] values = new float[Math.multiplyExact(tensor.rows(), tensor.cols())];
        try (Scope scope = backend.memory().scope()) {
            Tensor single = scope.allocate(DType.F32, tensor.rows(), tensor.cols());
            backend.memory().copy(tensor, single);
            backend.memory().download(single, MemorySegment.ofArray(values));
        }
        return values;
    }
}
