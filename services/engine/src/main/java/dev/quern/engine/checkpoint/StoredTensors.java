package dev.quern.engine.checkpoint;

import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import java.lang.foreign.Arena;
import java.util.Set;

/** The tensors of a model in host memory, by full name, and the config that describes them. */
public interface StoredTensors {
    /** What config.json says, or would say. */
    ModelConfig config();

    Set<String> tensorNames();

    /**
     * A tensor, valid no longer than the arena.
     *
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT when there is no such tensor, and as
     *     {@link CheckpointFiles}
     */
    StoredTensor tensor(String name, Arena arena);

    /** Type and shape of a tensor; throws as {@link #tensor}. */
    TensorEntry entry(String name);

    /** Says that the tensors whose names start with this will be read soon. */
    void expect(String prefix);
}
