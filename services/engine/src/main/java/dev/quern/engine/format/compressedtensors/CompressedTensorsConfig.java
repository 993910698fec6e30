package dev.quern.engine.format.compressedtensors;

import dev.quern.engine.fit.GridMap;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The {@code quantization_config} of compressed-tensors: the minimal block, because from 0.11 on the library refuses
 * keys of a scheme that it does not know (docs/formats.md). From 0.18 on it reads the format of each group, not that of
 * the whole. One grid has the target {@code Linear}. Of several each names its linears, by patterns where it has them
 * in every block: vLLM tries the class of a fused layer before the names of its parts, so no group may have the class.
 */
final class CompressedTensorsConfig {
    private static final String HEAD = "lm_head";
    private static final String EVERY_LINEAR = "Linear";
    private static final String PATTERN = "re:.*\\.";
    private static final String FORMAT = "format";
    private static final String PACKED = "pack-quantized";
    private static final String GROUPS = "config_groups";

    private CompressedTensorsConfig() {}

    static JsonObject write(GridMap grids) {
        List<GridMap.Group> all = grids.groups();
        JsonObject groups = JsonObject.EMPTY;
        for (int i = 0; i < all.size(); i++) {
            List<JsonValue> targets = all.size() == 1 ? List.of(new JsonString(EVERY_LINEAR)) : targets(all.get(i));
            groups = groups.with("group_" + i, group(all.get(i).grid(), targets));
        }
        List<JsonValue> ignore = new ArrayList<>();
        ignore.add(new JsonString(HEAD));
        grids.kept().forEach(module -> ignore.add(new JsonString(module)));
        return JsonObject.EMPTY
                .with("quant_method", "compressed-tensors")
                .with("version", "0.17.0")
                .with(FORMAT, PACKED)
                .with("quantization_status", "compressed")
                .with("global_compression_ratio", JsonNull.NULL)
                .with("kv_cache_scheme", JsonNull.NULL)
                .with("ignore", new JsonArray(ignore))
                .with(GROUPS, groups);
    }

    private static JsonObject group(IntegerShape grid, List<JsonValue> targets) {
        JsonObject weights = JsonObject.EMPTY
                .with("num_bits", grid.bits())
                .with("type", "int")
                .with("symmetric", grid.symmetric());
        JsonObject grouped = grid.groupSize() == 0
                ? weights.with("strategy", "channel")
                : weights.with("strategy", "group").with("group_size", grid.groupSize());
        return JsonObject.EMPTY
                .with("targets", new JsonArray(targets))
                .with("input_activations", JsonNull.NULL)
                .with("output_activations", JsonNull.NULL)
                .with("weights", grouped.with("dynamic", false).with("actorder", JsonNull.NULL))
                .with(FORMAT, PACKED);
    }

    private static List<JsonValue> targets(GridMap.Group group) {
        List<JsonValue> targets = new ArrayList<>();
        group.everywhere().forEach(name -> targets.add(new JsonString(pattern(name))));
        group.modules().forEach(module -> targets.add(new JsonString(module)));
        return targets;
    }

    private static String pattern(String withinBlock) {
        return PATTERN + withinBlock.replace(".", "\\.") + "$";
    }

    /**
     * @param linears of the model, in order
     * @throws QuernException OUTPUT_DAMAGED for a block that is not what {@link #write} makes of them
     */
    static GridMap read(JsonObject config, List<LinearId> linears) {
        List<String> kept = strings(config.get("ignore"));
        Map<LinearId, Optional<IntegerShape>> grids = new LinkedHashMap<>();
        for (LinearId linear : linears) {
            String module = linear.module();
            grids.put(linear, kept.contains(module) ? Optional.empty() : grid(config, module));
        }
        GridMap map = new GridMap(grids);
        JsonObject written = write(map);
        if (!written.equals(config) && !withoutFormats(written).equals(config)) {
            throw new QuernException(
                    ErrorCode.OUTPUT_DAMAGED,
                    "config.json: quantization_config: " + Json.write(config)
                            + " (expected: a block that Quern writes)");
        }
        return map;
    }

    /** As it was written before groups said their format. */
    private static JsonObject withoutFormats(JsonObject config) {
        JsonObject groups = JsonObject.EMPTY;
        for (Map.Entry<String, JsonValue> group : groups(config).entrySet()) {
            groups = groups.with(group.getKey(), ((JsonObject) group.getValue()).without(FORMAT));
        }
        return config.with(GROUPS, groups);
    }

    private static Map<String, JsonValue> groups(JsonObject config) {
        return config.get(GROUPS) instanceof JsonObject groups ? groups.members() : Map.of();
    }

    /** That of the first group whose targets name the module. */
    private static Optional<IntegerShape> grid(JsonObject config, String module) {
        return groups(config).values().stream()
                .filter(group -> strings(member(group, "targets")).stream().anyMatch(target -> names(target, module)))
                .findFirst()
                .map(CompressedTensorsConfig::grid);
    }

    private static boolean names(String target, String module) {
        if (target.startsWith(PATTERN) && target.endsWith("$")) {
            String name =
                    target.substring(PATTERN.length(), target.length() - 1).replace("\\.", ".");
            return module.endsWith("." + name);
        }
        return target.equals(EVERY_LINEAR) || target.equals(module);
    }

    private static IntegerShape grid(JsonValue group) {
        JsonValue weights = member(group, "weights");
        return new IntegerShape(
                number(member(weights, "num_bits")),
                number(member(weights, "group_size")),
                JsonBool.TRUE.equals(member(weights, "symmetric")));
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
