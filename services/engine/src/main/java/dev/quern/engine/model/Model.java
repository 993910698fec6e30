package dev.quern.engine.model;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.checkpoint.StoredTensors;

/** A model as a value: what it computes, and with which weights. A transform makes another one of it. */
public record Model(Architecture architecture, StoredTensors tensors) {
    /** The weights as a backend sees them. */
    public WeightSource weights(ComputeBackend backend) {
        return new StoredWeights(backend, tensors);
    }
}
