package dev.quern.engine.checkpoint;

import dev.quern.engine.checkpoint.files.Refusal;
import dev.quern.engine.checkpoint.files.Sources;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads config.json and refuses models that must not or need not be compressed. */
final class ConfigFile {
    private static final int MAX_BYTES = 16 << 20;
    private static final List<String> QUANTIZATION_KEYS = List.of("quantization_config", "compression_config");
    private static final List<String> QUANTIZATION_FILES =
            List.of("quantize_config.json", "quant_config.json", "hf_quant_config.json");
    /** Loaders that find it apply the adapter that it describes, or look for another model altogether. */
    private static final String ADAPTER = "adapter_config.json";

    private ConfigFile() {}

    static ModelConfig read(CheckpointFolder folder) {
        if (!folder.has(ModelConfig.FILE)) {
            throw Refusal.damaged(
                    ModelConfig.FILE, "missing (expected: in " + folder.files().location() + ")");
        }
        return new ModelConfig(Sources.object(folder.files(), ModelConfig.FILE, MAX_BYTES));
    }

    static ModelConfig unquantized(CheckpointFolder folder) {
        ModelConfig config = read(folder);
        // Read only to be checked: the result keeps it, and loaders take nothing but the name of a type.
        config.torchDtype();
        refuseQuantized(config);
        refuseQuantized(config.object("text_config"));
        for (String file : QUANTIZATION_FILES) {
            if (folder.has(file)) {
                throw quantized(file);
            }
        }
        return requireSafe(folder, config);
    }

    /** Reads the config of a model that may be quantized. */
    static ModelConfig safe(CheckpointFolder folder) {
        return requireSafe(folder, read(folder));
    }

    private static ModelConfig requireSafe(CheckpointFolder folder, ModelConfig config) {
        if (folder.has(ADAPTER)) {
            throw Refusal.damaged(
                    ADAPTER,
                    "an adapter, which loaders would apply (expected: an adapter merged into the weights, and its files"
                            + " removed)");
        }
        if (config.has("auto_map")) {
            throw new QuernException(
                    ErrorCode.UNSAFE_CHECKPOINT,
                    "config.json: auto_map: the model brings code of its own (expected: a family that Quern knows)");
        }
        return config;
    }

    private static void refuseQuantized(@Nullable ModelConfig config) {
        for (String key : QUANTIZATION_KEYS) {
            if (config != null && config.has(key)) {
                ModelConfig block = config.object(key);
                String method = block == null ? null : block.text("quant_method", null);
                throw quantized(config.path() + ": " + key + (method == null ? "" : ": quant_method " + method));
            }
        }
    }

    private static QuernException quantized(String where) {
        return new QuernException(
                ErrorCode.ALREADY_QUANTIZED, where + ": already quantized (expected: bf16, f16 or f32 weights)");
    }
}
