package dev.quern.engine.backend;

import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

/** Tensors in and out of a backend's memory. */
public interface Memory {
    /** Opens a scope, whose tensors every thread of the backend may use. */
    Scope scope();

    /** Bytes of all tensors whose scope is open. */
    long liveBytes();

    /** Bytes of the device's own memory that tensors may take; empty where they are in the memory of the process. */
    default OptionalLong capacity() {
        return OptionalLong.empty();
    }

    /**
     * A tensor over {@code rows * cols} row-major elements in host memory. A backend on the host may use the memory in
     * place, so it must stay valid and unchanged while the scope is open.
     */
    Tensor upload(Scope scope, MemorySegment source, DType dtype, int rows, int cols);

    /** Copies all elements, row-major without gaps, into {@code target}. */
    void download(Tensor source, MemorySegment target);

    /** The only element of an F64 [1, 1] tensor. */
    double value(Tensor source);

    /**
     * {@code target = source}, converted to target's dtype; to BF16 and F16 rounding half to even. Shapes are equal.
     */
    void copy(Tensor source, Tensor target);

    /** {@code target[:, j] = source[:, columns[j]]}; columns is I32 [1, n]. */
    void gatherColumns(Tensor source, Tensor columns, Tensor target);

    /** {@code target[:, columns[j]] = source[:, j]}; columns is a permutation, I32 [1, n]. */
    void scatterColumns(Tensor source, Tensor columns, Tensor target);

    /** {@code target[i, :] = source[rows[i], :]} of any dtype; rows is I32 [1, m]. */
    void gatherRows(Tensor source, Tensor rows, Tensor target);

    /** {@code target[i, j] = source[order[i], order[j]]} for a square source; order is a permutation, I32 [1, n]. */
    void permute(Tensor source, Tensor order, Tensor target);

    /** The permutation that sorts a vector [1, n] by falling value, equal values by rising index, as I32 [1, n]. */
    void argsortDescending(Tensor values, Tensor order);
}
