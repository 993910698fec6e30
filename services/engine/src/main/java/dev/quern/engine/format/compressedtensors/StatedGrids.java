package dev.quern.engine.format.compressedtensors;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.method.IntegerShape;
import dev.quern.recipes.Formats;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The grids that a quantization_config of compressed-tensors names, written by any tool. A key that changes what
 * loaders compute, and that Quern does not implement, is refused by name. Which linear is on which grid is not read
 * here: the tensors tell.
 */
final class StatedGrids {
    private static final String BLOCK = "quantization_config";
    private static final String METHOD = Formats.COMPRESSED_TENSORS;
    private static final String FORMAT = "pack-quantized";
    private static final Set<String> STRATEGIES = Set.of("group", "channel");

    private StatedGrids() {}

    /**
     * @return none for a model that is not quantized
     * @throws QuernException UNSUPPORTED_ARCHITECTURE or INVALID_CHECKPOINT that names the key, its value and what is
     *     supported
     */
    static List<IntegerShape> of(ModelConfig config) {
        requireAbsent(config, "compression_config");
        ModelConfig block = config.object(BLOCK);
        if (block == null) {
            return List.of();
        }
        if (!METHOD.equals(block.text("quant_method"))) {
            throw refusal(block, "quant_method", String.join(", ", Formats.ALL));
        }
        require(block, "format", FORMAT);
        if (block.has("quantization_status")) {
            require(block, "quantization_status", "compressed");
        }
        for (String key : List.of("kv_cache_scheme", "sparsity_config", "transform_config")) {
            requireAbsent(block, key);
        }
        ModelConfig groups = block.object("config_groups");
        List<IntegerShape> grids = new ArrayList<>();
        if (groups != null) {
            for (String name : groups.raw().members().keySet()) {
                ModelConfig group = groups.object(name);
                if (group == null) {
                    throw refusal(groups, name, "an object");
                }
                grids.add(grid(group));
            }
        }
        return grids;
    }

    private static IntegerShape grid(ModelConfig group) {
        requireAbsent(group, "input_activations");
        requireAbsent(group, "output_activations");
        if (group.has("format")) {
            require(group, "format", FORMAT);
        }
        ModelConfig weights = group.object("weights");
        if (weights == null) {
            throw refusal(group, "weights", "an object");
        }
        require(weights, "type", "int");
        requireAbsent(weights, "block_structure");
        if (weights.flag("dynamic", false)) {
            throw refusal(weights, "dynamic", "false");
        }
        int bits = weights.integer("num_bits");
        if (bits < 2 || bits > 8) {
            throw refusal(weights, "num_bits", "2 to 8");
        }
        String strategy = weights.text("strategy");
        if (!STRATEGIES.contains(strategy)) {
            throw refusal(weights, "strategy", "group, channel");
        }
        return new IntegerShape(bits, groupSize(weights, strategy), weights.flag("symmetric", true));
    }

    private static int groupSize(ModelConfig weights, String strategy) {
        if (strategy.equals("channel")) {
            return 0;
        }
        int size = weights.integer("group_size");
        if (size < 1) {
            throw refusal(weights, "group_size", "1 or more");
        }
        return size;
    }

    private static void require(ModelConfig config, String key, String value) {
        if (!value.equals(config.text(key))) {
            throw refusal(config, key, value);
        }
    }

    /** Refuses a key that is there and not empty. */
    private static void requireAbsent(ModelConfig config, String key) {
        JsonValue value = config.raw().get(key);
        boolean empty = switch (value) {
            case null -> true;
            case JsonNull none -> true;
            case JsonArray array -> array.values().isEmpty();
            case JsonObject object -> object.members().isEmpty();
            default -> false;
        };
        if (!empty) {
            throw refusal(config, key, "none");
        }
    }

    private static QuernException refusal(ModelConfig config, String key, String supported) {
        JsonValue value = config.raw().get(key);
        return new QuernException(
                ErrorCode.UNSUPPORTED_ARCHITECTURE,
                "%s: %s: %s (supported: %s)"
                        .formatted(
                                config.path(), key, value == null ? "missing" : shown(Json.write(value)), supported));
    }

    private static String shown(String value) {
        return value.length() <= 500 ? value : value.substring(0, 500) + "…";
    }
}
