package dev.quern.engine.mask;

import dev.quern.engine.backend.Tensor;

/** Decides which weights of a linear are kept. */
@FunctionalInterface
interface Selection {
    /**
     * @param w working type [m, n], read only
     * @param mask U8 [m, n], out: 1 for what is kept, else 0
     */
    void mark(Tensor w, Tensor mask);
}
