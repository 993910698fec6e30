package dev.quern.engine.backend.check;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding;
import dev.quern.engine.backend.Rounding.Fitting;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Rounding.Outer;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.Rounding.Refit;
import dev.quern.engine.backend.Rounding.Supported;
import dev.quern.engine.backend.Tensor;
import org.jspecify.annotations.Nullable;

/** The arguments of {@link Rounding}. */
public final class RoundingChecks {
    private RoundingChecks() {}

    /**
     * @throws IllegalArgumentException unless scales and zeros have a column for each group of w's columns, and
     *     importance is null or F64 with a value for each column
     */
    public static void fitGrid(Tensor w, @Nullable Tensor importance, GridOptions grid, Tensor scales, Tensor zeros) {
        if (importance != null) {
            Shapes.shape("importance", importance, 1, w.cols());
            Shapes.dtype("importance", importance, DType.F64);
        }
        grid(w, grid, scales, zeros);
    }

    private static void grid(Tensor w, GridOptions grid, Tensor scales, Tensor zeros) {
        Shapes.check("bits", grid.bits(), grid.bits() >= 2 && grid.bits() <= 8, "2 to 8");
        groups(scales, w, grid.groupSize());
        stored(w, scales, zeros);
    }

    /** @throws IllegalArgumentException unless the three matrices have one shape and scales a value for each row */
    public static void refitScales(Refit group, Tensor scales) {
        Tensor steps = group.steps();
        working("steps", steps);
        Shapes.same("products", group.products(), steps);
        Shapes.dtype("products", group.products(), steps.dtype());
        Shapes.same("gradient", group.gradient(), steps);
        Shapes.dtype("gradient", group.gradient(), steps.dtype());
        Shapes.shape("scales", scales, steps.rows(), 1);
        Shapes.dtype("scales", scales, steps.dtype());
    }

    /**
     * @throws IllegalArgumentException unless w, scales and zeros belong to one grid and codes U8 have the shape of w
     */
    public static void roundToNearest(Tensor w, GridOptions grid, Tensor scales, Tensor zeros, Tensor codes) {
        grid(w, grid, scales, zeros);
        codes(w, codes);
    }

    /** @throws IllegalArgumentException unless v F64 [n, n] splits into unit [n, n] and pivots F64 [1, n] */
    public static void splitFactor(Tensor v, Tensor unit, Tensor pivots) {
        Shapes.square("v", v);
        Shapes.dtype("v", v, DType.F64);
        Shapes.same("unit", unit, v);
        working("unit", unit);
        Shapes.shape("pivots", pivots, 1, v.cols());
        Shapes.dtype("pivots", pivots, DType.F64);
    }

    /** @throws IllegalArgumentException unless order and groups are I32 [1, n] and the group size is positive */
    public static void groups(Tensor order, int groupSize, Tensor groups) {
        Shapes.check("groupSize", groupSize, groupSize > 0, ">= 1");
        Shapes.shape("order", order, 1, order.cols());
        Shapes.dtype("order", order, DType.I32);
        Shapes.same("groups", groups, order);
        Shapes.dtype("groups", groups, DType.I32);
    }

    /** @throws IllegalArgumentException unless the tensors belong to one panel of a sweep and loss is F64 [1, 1] */
    public static void gptqPanel(Panel panel, Grid grid, Tensor codes, Tensor errors, Tensor loss) {
        Tensor w = panel.w();
        feedback(w, panel.original(), panel.unit());
        like("errors", errors, w);
        Shapes.shape("pivots", panel.pivots(), 1, w.cols());
        Shapes.dtype("pivots", panel.pivots(), DType.F64);
        Shapes.shape("groups", panel.groups(), 1, w.cols());
        Shapes.dtype("groups", panel.groups(), DType.I32);
        Shapes.shape("scales", grid.scales(), w.rows(), grid.scales().cols());
        codes(w, codes);
        if (panel.mask() != null) {
            mask(w, panel.mask());
        }
        stored(w, grid.scales(), grid.zeros());
        Shapes.shape("loss", loss, 1, 1);
        Shapes.dtype("loss", loss, DType.F64);
    }

    /**
     * @throws IllegalArgumentException as {@link #gptqPanel}, and unless outer belongs to the panel's rows and grids
     *     are fitted to whole groups
     */
    public static void twoSidedPanel(
            Panel panel, Outer outer, Grid grid, @Nullable Fitting fitting, Tensor codes, Tensor errors, Tensor loss) {
        gptqPanel(panel, grid, codes, errors, loss);
        if (panel.mask() != null) {
            throw new IllegalArgumentException("mask: given (expected: none in a two-sided sweep)");
        }
        int rows = panel.w().rows();
        Shapes.shape("outer.unit", outer.unit(), rows, rows);
        Shapes.dtype("outer.unit", outer.unit(), panel.w().dtype());
        Shapes.shape("outer.pivots", outer.pivots(), 1, rows);
        Shapes.dtype("outer.pivots", outer.pivots(), DType.F64);
        int size = grid.options().groupSize();
        if (fitting == null) {
            return;
        }
        int cols = panel.w().cols();
        int columns = fitting.columns();
        boolean whole = cols % size == 0 && columns > 0 && columns % size == 0;
        Shapes.check("fitting.columns", columns, whole, "a multiple of the group size, " + size);
        if (fitting.importance() != null) {
            Shapes.shape("fitting.importance", fitting.importance(), 1, cols);
            Shapes.dtype("fitting.importance", fitting.importance(), DType.F64);
        }
    }

    /** @throws IllegalArgumentException unless w, original and target [rows, p] go with unit [p, p] */
    public static void compensate(Tensor w, Tensor original, Tensor unit, Tensor target) {
        feedback(w, original, unit);
        like("target", target, w);
    }

    /** @throws IllegalArgumentException unless scales and zeros have a column for each group of the codes' columns */
    public static void decode(Tensor codes, Tensor scales, Tensor zeros, int groupSize, DType as, Tensor target) {
        groups(scales, codes, groupSize);
        Shapes.dtype("codes", codes, DType.U8);
        zeros(scales, zeros);
        Shapes.same("target", target, codes);
        if (as == DType.I32 || as == DType.U8) {
            throw new IllegalArgumentException("as: " + as + " (expected: a float type)");
        }
    }

    /** @throws IllegalArgumentException unless mask U8 goes with w [rows, n], and importance F64 with its columns */
    public static void keepLargest(Tensor w, Tensor importance, int keep, int segment, Tensor mask) {
        Shapes.shape("importance", importance, 1, w.cols());
        Shapes.dtype("importance", importance, DType.F64);
        Shapes.check("segment", segment, segment > 0 && w.cols() % segment == 0, "a divisor of " + w.cols());
        Shapes.check("keep", keep, keep >= 0 && keep <= segment, "0 to " + segment);
        mask(w, mask);
    }

    /** @throws IllegalArgumentException unless the tensors belong to one linear, and loss is F64 [1, 1] */
    public static void roundOnSupport(Supported weights, Grid grid, Tensor codes, Tensor loss) {
        Tensor w = weights.w();
        grid(w, grid.options(), grid.scales(), grid.zeros());
        mask(w, weights.mask());
        Shapes.shape("h", weights.h(), w.cols(), w.cols());
        Shapes.dtype("h", weights.h(), DType.F64);
        Shapes.shape("order", weights.order(), 1, w.cols());
        Shapes.dtype("order", weights.order(), DType.I32);
        codes(w, codes);
        Shapes.shape("loss", loss, 1, 1);
        Shapes.dtype("loss", loss, DType.F64);
    }

    private static void descent(Rounding.Descent descent) {
        Tensor residual = descent.residual();
        working("residual", residual);
        mask(residual, descent.mask());
        like("direction", descent.direction(), residual);
        Shapes.shape("energies", descent.energies(), residual.rows(), 1);
        Shapes.dtype("energies", descent.energies(), DType.F64);
    }

    /** @throws IllegalArgumentException unless the tensors belong to one descent and diagonal is F64 [1, n] */
    public static void turn(Rounding.Descent descent, Tensor diagonal) {
        descent(descent);
        Shapes.shape("diagonal", diagonal, 1, descent.residual().cols());
        Shapes.dtype("diagonal", diagonal, DType.F64);
    }

    /** @throws IllegalArgumentException unless the tensors belong to one descent and gain is F64 [1, 1] */
    public static void descend(Rounding.Descent descent, Tensor product, Tensor gain) {
        descent(descent);
        like("product", product, descent.residual());
        Shapes.shape("gain", gain, 1, 1);
        Shapes.dtype("gain", gain, DType.F64);
    }

    private static void mask(Tensor w, Tensor mask) {
        Shapes.same("mask", mask, w);
        Shapes.dtype("mask", mask, DType.U8);
    }

    private static void feedback(Tensor w, Tensor original, Tensor unit) {
        working("w", w);
        like("original", original, w);
        Shapes.shape("unit", unit, w.cols(), w.cols());
        Shapes.dtype("unit", unit, w.dtype());
    }

    private static void like(String name, Tensor tensor, Tensor w) {
        Shapes.same(name, tensor, w);
        Shapes.dtype(name, tensor, w.dtype());
    }

    private static void codes(Tensor w, Tensor codes) {
        Shapes.same("codes", codes, w);
        Shapes.dtype("codes", codes, DType.U8);
    }

    private static void groups(Tensor scales, Tensor w, int groupSize) {
        Shapes.check("groupSize", groupSize, groupSize > 0 && w.cols() % groupSize == 0, "a divisor of " + w.cols());
        Shapes.shape("scales", scales, w.rows(), w.cols() / groupSize);
    }

    private static void stored(Tensor w, Tensor scales, Tensor zeros) {
        working("w", w);
        Shapes.dtype("scales", scales, w.dtype());
        zeros(scales, zeros);
    }

    private static void zeros(Tensor scales, Tensor zeros) {
        Shapes.same("zeros", zeros, scales);
        Shapes.dtype("zeros", zeros, DType.U8);
    }

    private static void working(String name, Tensor tensor) {
        Shapes.dtype(name, tensor, DType.F32, DType.F64);
    }
}
