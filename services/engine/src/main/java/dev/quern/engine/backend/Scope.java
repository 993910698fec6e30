package dev.quern.engine.backend;

import java.lang.foreign.Arena;

/**
 * Owns tensors and frees them together, when nothing uses them any more. Every thread of the backend may use its
 * tensors.
 */
public interface Scope extends AutoCloseable {
    /**
     * Zero-filled.
     *
     * @throws dev.quern.recipes.error.QuernException OUT_OF_MEMORY, with the bytes asked for
     */
    Tensor allocate(DType dtype, int rows, int cols);

    /**
     * For a tensor that is written whole before it is read: what it holds until then is not defined, so it costs no
     * pass over its memory.
     *
     * @throws dev.quern.recipes.error.QuernException OUT_OF_MEMORY, with the bytes asked for
     */
    Tensor reserve(DType dtype, int rows, int cols);

    /** Lives as long as this scope: for host memory that is uploaded into it. */
    Arena arena();

    /** Frees every tensor of this scope. */
    @Override
    void close();
}
