package dev.quern.engine.model;

import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;

/** Tensors of a model by their full name, as stored. */
@FunctionalInterface
public interface WeightSource {
    /**
     * The tensor in its stored dtype; a vector has one row.
     *
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT when there is no such tensor
     */
    Tensor load(Scope scope, String name);

    /** Says that the tensors whose names start with this will be loaded soon. */
    default void expect(String prefix) {}
}
