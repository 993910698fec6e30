package dev.quern.engine.backend.check;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Tensor;

/** The arguments of {@link Memory}. */
public final class MemoryChecks {
    private MemoryChecks() {}

    /** @throws IllegalArgumentException unless source is F64 [1, 1] */
    public static void value(Tensor source) {
        Shapes.shape("source", source, 1, 1);
        Shapes.dtype("source", source, DType.F64);
    }

    /** @throws IllegalArgumentException unless both have one shape, and integers stay integers of one dtype */
    public static void copy(Tensor source, Tensor target) {
        Shapes.same("target", target, source);
        if (target.dtype() == DType.I32 || target.dtype() == DType.U8) {
            Shapes.dtype("source", source, target.dtype());
        }
    }

    /** @throws IllegalArgumentException unless columns is I32 [1, n] and target has n columns */
    public static void gatherColumns(Tensor source, Tensor columns, Tensor target) {
        vector("columns", columns, columns.cols());
        Shapes.shape("target", target, source.rows(), columns.cols());
        Shapes.dtype("target", target, source.dtype());
    }

    /** @throws IllegalArgumentException unless columns is I32 [1, n] and source and target have n columns */
    public static void scatterColumns(Tensor source, Tensor columns, Tensor target) {
        vector("columns", columns, source.cols());
        Shapes.same("target", target, source);
        Shapes.dtype("target", target, source.dtype());
    }

    /** @throws IllegalArgumentException unless rows is I32 [1, m] and target has m rows */
    public static void gatherRows(Tensor source, Tensor rows, Tensor target) {
        vector("rows", rows, rows.cols());
        Shapes.shape("target", target, rows.cols(), source.cols());
        Shapes.dtype("target", target, source.dtype());
    }

    /** @throws IllegalArgumentException unless source and target are [n, n] and order is I32 [1, n] */
    public static void permute(Tensor source, Tensor order, Tensor target) {
        Shapes.square("source", source);
        vector("order", order, source.cols());
        Shapes.same("target", target, source);
        Shapes.dtype("target", target, source.dtype());
    }

    /** @throws IllegalArgumentException unless values is [1, n] and order is I32 [1, n] */
    public static void argsortDescending(Tensor values, Tensor order) {
        Shapes.shape("values", values, 1, values.cols());
        vector("order", order, values.cols());
    }

    private static void vector(String name, Tensor tensor, int cols) {
        Shapes.shape(name, tensor, 1, cols);
        Shapes.dtype(name, tensor, DType.I32);
    }
}
