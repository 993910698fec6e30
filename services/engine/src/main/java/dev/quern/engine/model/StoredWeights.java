package dev.quern.engine.model;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;

/** Tensors in host memory as a backend sees them: used in place if the backend can. */
public record StoredWeights(ComputeBackend backend, StoredTensors tensors) implements WeightSource {
    @Override
    public Tensor load(Scope scope, String name) {
        StoredTensor stored = tensors.tensor(name, scope.arena());
        return backend.memory().upload(scope, stored.data(), stored.type().dtype(), stored.rows(), stored.cols());
    }

    @Override
    public void expect(String prefix) {
        tensors.expect(prefix);
    }
}
