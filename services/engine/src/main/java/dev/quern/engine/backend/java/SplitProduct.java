package dev.quern.engine.backend.java;

import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.host.SmallFloats;

/** Products by a matrix of float32 values in {@link Precision#SPLIT_BF16X3}. */
final class SplitProduct {
    private static final int PARTS = 3;

    /** By part and row. */
    private final double[][][] right;

    /** @param right [k, n] */
    SplitProduct(double[][] right) {
        this.right = new double[PARTS][right.length][];
        for (int k = 0; k < right.length; k++) {
            double[][] parts = parts(right[k]);
            for (int part = 0; part < PARTS; part++) {
                this.right[part][k] = parts[part];
            }
        }
    }

    /** Adds {@code left * right} to the sums, the smallest products of parts first. */
    void add(double[] left, double[] sums) {
        double[][] parts = parts(left);
        for (int order = PARTS - 1; order >= 0; order--) {
            for (int part = 0; part <= order; part++) {
                JavaLinearAlgebra.addProduct(parts[part], right[order - part], sums);
            }
        }
    }

    /** Each value rounded to bf16, what that left rounded, and what that left rounded; by part. */
    private static double[][] parts(double[] values) {
        double[][] parts = new double[PARTS][values.length];
        for (int i = 0; i < values.length; i++) {
            double rest = values[i];
            for (int part = 0; part < PARTS; part++) {
                parts[part][i] = SmallFloats.bf16ToFloat(SmallFloats.doubleToBf16(rest));
                rest -= parts[part][i];
            }
        }
        return parts;
    }
}
