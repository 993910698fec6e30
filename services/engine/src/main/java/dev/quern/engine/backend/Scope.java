package dev.quern.engine.backend;

/** Owns tensors and frees them together. Confined to the thread that opened it, as is its backend. */
public interface Scope extends AutoCloseable {
    /**
     * Zero-filled.
     *
     * @throws dev.quern.recipes.QuernException OUT_OF_MEMORY, with the bytes asked for
     */
    Tensor allocate(DType dtype, int rows, int cols);

    /** Frees every tensor of this scope. */
    @Override
    void close();
}
