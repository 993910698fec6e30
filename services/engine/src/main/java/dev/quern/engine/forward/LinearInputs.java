package dev.quern.engine.forward;

import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.WorkUnit;

/** Sees the inputs of linears while a block runs, for statistics. */
@FunctionalInterface
public interface LinearInputs {
    LinearInputs NONE = (unit, input) -> {};

    /**
     * Called once for each work unit and tile, before its linears run.
     *
     * @param input [tokens, unit.cols()], valid and unchanged during the call only
     */
    void record(WorkUnit unit, Tensor input);
}
