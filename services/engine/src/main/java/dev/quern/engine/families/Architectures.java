package dev.quern.engine.families;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.family.Family;
import dev.quern.engine.model.family.Options;
import dev.quern.engine.model.llama.Llama;
import dev.quern.engine.model.qwen2.Qwen2;
import dev.quern.engine.model.qwen3.Qwen3;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The families that Quern can run. */
public final class Architectures {
    /** By {@code model_type} of config.json. */
    public static final Map<String, Family> ALL = Map.of(
            "llama", new Llama(),
            "qwen2", new Qwen2(),
            "qwen3", new Qwen3());

    private Architectures() {}

    /**
     * The architecture of a checkpoint.
     *
     * @param config the whole of config.json
     * @throws dev.quern.recipes.error.QuernException UNSUPPORTED_ARCHITECTURE or INVALID_CHECKPOINT, naming the key,
     *     its value and what is supported
     */
    public static Architecture of(ModelConfig config) {
        return family(config).read(config);
    }

    /** The keys of config.json that decide the architecture; throws as {@link #of}. */
    public static Set<String> keys(ModelConfig config) {
        return family(config).keys();
    }

    private static Family family(ModelConfig config) {
        Family family = ALL.get(config.modelType());
        if (family == null) {
            throw Options.unsupported(config, "model_type", String.join(", ", new TreeSet<>(ALL.keySet())));
        }
        return family;
    }
}
