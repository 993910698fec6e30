package dev.quern.engine.model;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;

/** The tensors of an open checkpoint, used where they are mapped if the backend can. */
public record CheckpointWeights(ComputeBackend backend, Checkpoint checkpoint) implements WeightSource {
    @Override
    public Tensor load(Scope scope, String name) {
        StoredTensor stored = checkpoint.tensor(name, scope.arena());
        return backend.memory().upload(scope, stored.data(), stored.type().dtype(), stored.rows(), stored.cols());
    }

    @Override
    public void expect(String prefix) {
        checkpoint.expect(prefix);
    }
}
