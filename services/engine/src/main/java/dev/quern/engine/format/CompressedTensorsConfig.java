package dev.quern.engine.format;

import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The {@code quantization_config} of compressed-tensors: the minimal block, because from 0.11 on the library refuses keys of a scheme that
 * it does not know (FORMATS.md 6.3 A). One grid has the target {@code Linear}. Of several each names its linears by patterns: vLLM tries
 * the class of a fused layer before the names of its parts, so no group may have the class.
 */
final class CompressedTensorsConfig {
    private static final String HEAD = "lm_head";
    private static final String EVERY_LINEAR = "Linear";
    private static final String PATTERN = "re:.*\\.";

    private CompressedTensorsConfig() {}

    static JsonObject write(PackedGrids grids) {
        JsonObject groups = JsonObject.EMPTY;
        for (int i = 0; i < grids.groups().size(); i++) {
            groups = groups.with("group_" + i, group(grids.groups().get(i)));
        }
        List<JsonValue> ignore = new ArrayList<>();
        ignore.add(new JsonString(HEAD));
        grids.ignored().forEach(module -> ignore.add(new JsonString(module)));
        return JsonObject.EMPTY
                .with("quant_method", "compressed-tensors")
                .with("version", "0.17.0")
                .with("format", "pack-quantized")
                .with("quantization_status", "compressed")
                .with("global_compression_ratio", JsonNull.NULL)
                .with("kv_cache_scheme", JsonNull.NULL)
                .with("ignore", new JsonArray(ignore))
                .with("config_groups", groups);
    }

    private static JsonObject group(PackedGrids.Group group) {
        PackedGrid grid = group.grid();
        JsonObject weights = JsonObject.EMPTY
                .with("num_bits", grid.bits())
                .with("type", "int")
                .with("symmetric", grid.symmetric());
        JsonObject grouped = grid.groupSize() == 0
                ? weights.with("strategy", "channel")
                : weights.with("strategy", "group").with("group_size", grid.groupSize());
        return JsonObject.EMPTY
                .with("targets", new JsonArray(targets(group)))
                .with("input_activations", JsonNull.NULL)
                .with("output_activations", JsonNull.NULL)
                .with("weights", grouped.with("dynamic", false).with("actorder", JsonNull.NULL));
    }

    private static List<JsonValue> targets(PackedGrids.Group group) {
        return group.linears().isEmpty()
                ? List.of(new JsonString(EVERY_LINEAR))
                : group.linears().stream()
                        .<JsonValue>map(linear -> new JsonString(PATTERN + linear.replace(".", "\\.") + "$"))
                        .toList();
    }

    /**
     * @throws QuernException OUTPUT_DAMAGED for a block that is not what {@link #write} makes
     */
    static PackedGrids read(JsonObject config) {
        List<PackedGrids.Group> groups = new ArrayList<>();
        if (config.get("config_groups") instanceof JsonObject found) {
            found.members().values().forEach(group -> groups.add(new PackedGrids.Group(grid(group), linears(group))));
        }
        List<String> ignored = strings(config.get("ignore")).stream()
                .filter(module -> !module.equals(HEAD))
                .toList();
        PackedGrids grids = new PackedGrids(groups, ignored);
        if (!write(grids).equals(config)) {
            throw new QuernException(
                    ErrorCode.OUTPUT_DAMAGED,
                    "config.json: quantization_config: " + Json.write(config)
                            + " (expected: a block that Quern writes)");
        }
        return grids;
    }

    private static PackedGrid grid(JsonValue group) {
        JsonValue weights = group instanceof JsonObject object ? object.get("weights") : null;
        return new PackedGrid(
                number(member(weights, "num_bits")),
                number(member(weights, "group_size")),
                JsonBool.TRUE.equals(member(weights, "symmetric")));
    }

    private static List<String> linears(JsonValue group) {
        return strings(member(group, "targets")).stream()
                .filter(target -> target.startsWith(PATTERN) && target.endsWith("$"))
                .map(target ->
                        target.substring(PATTERN.length(), target.length() - 1).replace("\\.", "."))
                .toList();
    }

    private static @Nullable JsonValue member(@Nullable JsonValue value, String name) {
        return value instanceof JsonObject object ? object.get(name) : null;
    }

    private static int number(@Nullable JsonValue value) {
        return value instanceof JsonNumber number && number.isLong() ? (int) number.longValue() : 0;
    }

    private static List<String> strings(@Nullable JsonValue value) {
        List<String> strings = new ArrayList<>();
        if (value instanceof JsonArray(List<JsonValue> values)) {
            for (JsonValue each : values) {
                if (each instanceof JsonString(String text)) {
                    strings.add(text);
                }
            }
        }
        return strings;
    }
}
