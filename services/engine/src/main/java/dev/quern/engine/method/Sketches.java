package dev.quern.engine.method;

import dev.quern.engine.backend.Scope;
import dev.quern.engine.model.LinearId;

/** The sketches of linears, which are large: each is loaded when it is asked for. */
@FunctionalInterface
public interface Sketches {
    /**
     * The sketches of one linear.
     *
     * @param scope of the tensors
     * @throws dev.quern.engine.artifact.DamagedArtifactException naming one that is missing, or not what was stored
     */
    Pair of(LinearId linear, Scope scope);

    /**
     * @param fit what the linear is rounded by
     * @param heldOut over other windows, what the result is judged by
     */
    record Pair(KroneckerSketch fit, KroneckerSketch heldOut) {}
}
