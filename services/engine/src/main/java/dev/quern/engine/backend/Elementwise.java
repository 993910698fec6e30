package dev.quern.engine.backend;

/** Operations on single elements, rows and columns, on any float dtype, and deterministic reductions in float64. */
public interface Elementwise {
    /** {@code target = a + b}; target may be a or b. */
    void add(Tensor a, Tensor b, Tensor target);

    /** {@code target[r, :] += row} for row [1, n]. */
    void addRow(Tensor row, Tensor target);

    /** {@code target[r, :] *= row} for row [1, n]. */
    void multiplyRow(Tensor row, Tensor target);

    /** {@code target *= factor}. */
    void scale(double factor, Tensor target);

    /** Adds {@code value} to the diagonal of a square matrix. */
    void addDiagonal(double value, Tensor target);

    /** Adds {@code factor * values}, F64 [1, n], to the diagonal of a square matrix. */
    void addDiagonal(double factor, Tensor values, Tensor target);

    /** The diagonal of a square matrix as a vector [1, n]. */
    void diagonal(Tensor source, Tensor target);

    /** Mean of all elements in float64, in a fixed order. */
    double mean(Tensor source);

    /** Adds the sum of {@code a * b} over all elements, in float64 and in a fixed order, to sum F64 [1, 1]. */
    void addDot(Tensor a, Tensor b, Tensor sum);

    /** Mean of {@code a / b} over all elements in float64, in a fixed order. */
    double meanRatio(Tensor a, Tensor b);

    /** Largest absolute value: 0 of nothing, NaN where there is one. */
    double maxAbs(Tensor source);

    /** Largest absolute value of each column, as {@link #maxAbs}; target is [1, n]. */
    void columnMaxAbs(Tensor source, Tensor target);

    /** True when no element is NaN or infinite. */
    boolean allFinite(Tensor source);

    /** {@code target = 0} where mask, U8 and of the same shape, is 0. */
    void keep(Tensor mask, Tensor target);
}
