package dev.quern.engine.backend.check;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Elementwise;
import dev.quern.engine.backend.Tensor;

/** The arguments of {@link Elementwise}. */
public final class ElementwiseChecks {
    private ElementwiseChecks() {}

    /** @throws IllegalArgumentException unless all three have one shape */
    public static void add(Tensor a, Tensor b, Tensor target) {
        Shapes.same("b", b, a);
        Shapes.same("target", target, a);
    }

    /** @throws IllegalArgumentException unless row is [1, n] for a target of n columns */
    public static void addRow(Tensor row, Tensor target) {
        Shapes.shape("row", row, 1, target.cols());
    }

    /** @throws IllegalArgumentException unless row is [1, n] for a target of n columns */
    public static void multiplyRow(Tensor row, Tensor target) {
        Shapes.shape("row", row, 1, target.cols());
    }

    /** @throws IllegalArgumentException unless target is square */
    public static void addDiagonal(Tensor target) {
        Shapes.square("target", target);
    }

    /** @throws IllegalArgumentException unless target is [n, n] and values F64 [1, n] */
    public static void addDiagonal(Tensor values, Tensor target) {
        addDiagonal(target);
        Shapes.shape("values", values, 1, target.cols());
        Shapes.dtype("values", values, DType.F64);
    }

    /** @throws IllegalArgumentException unless source is [n, n] and target [1, n] */
    public static void diagonal(Tensor source, Tensor target) {
        Shapes.square("source", source);
        Shapes.shape("target", target, 1, source.cols());
    }

    /** @throws IllegalArgumentException unless a and b have one shape and sum is F64 [1, 1] */
    public static void addDot(Tensor a, Tensor b, Tensor sum) {
        Shapes.same("b", b, a);
        Shapes.shape("sum", sum, 1, 1);
        Shapes.dtype("sum", sum, DType.F64);
    }

    /** @throws IllegalArgumentException unless both have one shape */
    public static void meanRatio(Tensor a, Tensor b) {
        Shapes.same("b", b, a);
    }

    /** @throws IllegalArgumentException unless target is [1, n] for a source of n columns */
    public static void columnMaxAbs(Tensor source, Tensor target) {
        Shapes.shape("target", target, 1, source.cols());
    }

    /** @throws IllegalArgumentException unless mask is U8 and has the shape of target */
    public static void keep(Tensor mask, Tensor target) {
        Shapes.dtype("mask", mask, DType.U8);
        Shapes.same("mask", mask, target);
    }
}
