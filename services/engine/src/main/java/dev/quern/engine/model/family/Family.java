package dev.quern.engine.model.family;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.model.Architecture;
import java.util.Set;

/** How one {@code model_type} turns its config.json into an architecture. */
public interface Family {
    /**
     * @throws dev.quern.recipes.error.QuernException UNSUPPORTED_ARCHITECTURE for an option that is not implemented,
     *     INVALID_CHECKPOINT for a missing or contradictory value; both name the key
     */
    Architecture read(ModelConfig config);

    /** The keys of config.json that {@link #read} takes account of. */
    Set<String> keys();
}
