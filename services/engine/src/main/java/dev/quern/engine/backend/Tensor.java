package dev.quern.engine.backend;

/**
 * An opaque handle of a matrix in some backend's memory, or of a view of one. Row-major: elements of a row are
 * contiguous, rows may be apart. A vector is a matrix of one row. Valid until the {@link Scope} that it was allocated
 * in is closed.
 */
public interface Tensor {
    DType dtype();

    int rows();

    int cols();

    /** The rows {@code [from, to)} of the same memory. */
    Tensor rows(int from, int to);

    /** The columns {@code [from, to)} of the same memory. */
    Tensor cols(int from, int to);
}
