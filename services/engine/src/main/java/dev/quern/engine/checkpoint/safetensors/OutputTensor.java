package dev.quern.engine.checkpoint.safetensors;

import java.util.List;

/** A tensor that is going to be written. */
public record OutputTensor(String name, StoredType type, List<Long> shape) {
    public OutputTensor {
        shape = List.copyOf(shape);
    }

    public long bytes() {
        return TensorEntry.bytes(type, shape);
    }
}
