package dev.quern.engine.transform;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;

/** The tensors of a model, some of them changed when they are asked for. */
abstract class DerivedTensors implements StoredTensors {
    final StoredTensors original;

    DerivedTensors(StoredTensors original) {
        this.original = original;
    }

    @Override
    public ModelConfig config() {
        return original.config();
    }

    @Override
    public Set<String> tensorNames() {
        return original.tensorNames();
    }

    @Override
    public TensorEntry entry(String name) {
        return original.entry(name);
    }

    @Override
    public void expect(String prefix) {
        original.expect(prefix);
    }

    /** A tensor of ones in place of a vector. */
    static StoredTensor ones(StoredTensor stored, Arena arena) {
        MemorySegment memory = arena.allocate(stored.data().byteSize());
        HostTensor ones = HostTensor.over(memory, stored.type().dtype(), 1, stored.cols());
        for (int col = 0; col < stored.cols(); col++) {
            ones.set(0, col, 1);
        }
        return with(stored, memory);
    }

    /** The same tensor with other values. */
    static StoredTensor with(StoredTensor stored, MemorySegment memory) {
        return new StoredTensor(stored.name(), stored.type(), stored.shape(), memory.asReadOnly());
    }

    static HostTensor host(StoredTensor stored) {
        DType dtype = stored.type().dtype();
        return HostTensor.over(stored.data(), dtype, stored.rows(), stored.cols());
    }
}
