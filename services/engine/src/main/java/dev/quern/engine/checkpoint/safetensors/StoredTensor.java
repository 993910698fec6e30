package dev.quern.engine.checkpoint.safetensors;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor of an open checkpoint.
 *
 * @param data its bytes, read-only, little-endian, possibly unaligned; valid until the checkpoint is closed, and its
 *     arena if it has one
 */
public record StoredTensor(String name, StoredType type, List<Long> shape, MemorySegment data) {
    public StoredTensor {
        shape = List.copyOf(shape);
    }

    /** Rows of a matrix; 1 for a vector and a scalar. */
    public int rows() {
        return shape.size() < 2 ? 1 : Math.toIntExact(TensorEntry.elements(shape.subList(0, shape.size() - 1)));
    }

    /** The last extent; 1 for a scalar. */
    public int cols() {
        return shape.isEmpty() ? 1 : Math.toIntExact(shape.getLast());
    }
}
