package dev.quern.engine.forward;

import dev.quern.engine.backend.Tensor;

/**
 * The values of one pass through a block's program, by name. What runs the steps does not know how long they are kept.
 */
interface Values {
    /** A value that was defined, [tokens, width]. */
    Tensor value(String name);

    /** Memory for a new value. */
    Tensor define(String name, int width);

    /**
     * Memory for a new value as wide as the inputs of the step. It may be an input's own, where no later step reads
     * that input.
     *
     * @param inputs those that the step may write over, the best one first
     */
    Tensor over(String name, String... inputs);
}
