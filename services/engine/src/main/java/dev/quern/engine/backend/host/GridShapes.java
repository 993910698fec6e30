package dev.quern.engine.backend.host;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Tensor;

/** What the rounding primitives ask of their tensors, the same for every backend. */
public final class GridShapes {
    private GridShapes() {}

    /** @throws IllegalArgumentException unless w, scales and zeros belong to one grid; groups is the number of scales in a row */
    public static void grid(Tensor w, GridOptions grid, Tensor scales, Tensor zeros) {
        Shapes.check("bits", grid.bits(), grid.bits() >= 2 && grid.bits() <= 8, "2 to 8");
        groups("scales", scales, w, grid.groupSize());
        stored(w, scales, zeros);
    }

    /** @throws IllegalArgumentException unless the tensors belong to one panel of a sweep */
    public static void panel(
            Tensor w,
            Tensor original,
            Tensor unit,
            Tensor pivots,
            Tensor groups,
            Tensor scales,
            Tensor zeros,
            Tensor codes,
            Tensor errors) {
        feedback(w, original, unit, errors);
        Shapes.shape("pivots", pivots, 1, w.cols());
        Shapes.dtype("pivots", pivots, DType.F64);
        Shapes.shape("groups", groups, 1, w.cols());
        Shapes.shape("scales", scales, w.rows(), scales.cols());
        codes(w, codes);
        stored(w, scales, zeros);
    }

    /** @throws IllegalArgumentException unless w, original and target [rows, p] go with unit [p, p] */
    public static void feedback(Tensor w, Tensor original, Tensor unit, Tensor target) {
        working("w", w);
        Shapes.same("original", original, w);
        Shapes.dtype("original", original, w.dtype());
        Shapes.shape("unit", unit, w.cols(), w.cols());
        Shapes.dtype("unit", unit, w.dtype());
        Shapes.same("target", target, w);
        Shapes.dtype("target", target, w.dtype());
    }

    /** @throws IllegalArgumentException unless v F64 [n, n] splits into unit [n, n] and pivots F64 [1, n] */
    public static void split(Tensor v, Tensor unit, Tensor pivots) {
        Shapes.square("v", v);
        Shapes.dtype("v", v, DType.F64);
        Shapes.same("unit", unit, v);
        working("unit", unit);
        Shapes.shape("pivots", pivots, 1, v.cols());
        Shapes.dtype("pivots", pivots, DType.F64);
    }

    /** @throws IllegalArgumentException unless codes U8 have the shape of w */
    public static void codes(Tensor w, Tensor codes) {
        Shapes.same("codes", codes, w);
        Shapes.dtype("codes", codes, DType.U8);
    }

    /** @throws IllegalArgumentException unless scales has one column for every run of groupSize columns of w */
    public static void groups(String name, Tensor scales, Tensor w, int groupSize) {
        Shapes.check("groupSize", groupSize, groupSize > 0 && w.cols() % groupSize == 0, "a divisor of " + w.cols());
        Shapes.shape(name, scales, w.rows(), w.cols() / groupSize);
    }

    private static void stored(Tensor w, Tensor scales, Tensor zeros) {
        working("w", w);
        Shapes.dtype("scales", scales, w.dtype());
        Shapes.same("zeros", zeros, scales);
        Shapes.dtype("zeros", zeros, DType.U8);
    }

    private static void working(String name, Tensor tensor) {
        Shapes.dtype(name, tensor, DType.F32, DType.F64);
    }
}
