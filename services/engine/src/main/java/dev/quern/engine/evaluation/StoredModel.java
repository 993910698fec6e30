package dev.quern.engine.evaluation;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.WeightSource;

/**
 * A model by its weights.
 *
 * @param architecture says which of them is the head
 */
public record StoredModel(Architecture architecture, WeightSource weights) {
    BlockWeights block(ComputeBackend backend, int block) {
        return new BlockWeights(backend, weights, architecture.blocks().get(block));
    }
}
