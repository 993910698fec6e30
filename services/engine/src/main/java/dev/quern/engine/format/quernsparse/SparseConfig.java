package dev.quern.engine.format.quernsparse;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Formats;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The {@code quantization_config}: each grid with the modules that are on it; all others keep their weights. */
final class SparseConfig {
    private static final int VERSION = 1;
    private static final String VERSION_NAME = "version";
    private static final String GRIDS = "grids";
    private static final String BITS = "bits";
    private static final String GROUP_SIZE = "group_size";
    private static final String SYMMETRIC = "symmetric";
    private static final String MODULES = "modules";

    private SparseConfig() {}

    static JsonObject write(GridMap grids) {
        Map<IntegerShape, List<JsonValue>> modules = new LinkedHashMap<>();
        grids.linears()
                .forEach((linear, grid) ->
                        grid.ifPresent(shape -> modules.computeIfAbsent(shape, each -> new ArrayList<>())
                                .add(new JsonString(linear.module()))));
        List<JsonValue> all = new ArrayList<>();
        modules.forEach((grid, names) -> all.add(JsonObject.EMPTY
                .with(BITS, grid.bits())
                .with(GROUP_SIZE, grid.groupSize())
                .with(SYMMETRIC, grid.symmetric())
                .with(MODULES, new JsonArray(names))));
        return JsonObject.EMPTY
                .with("quant_method", Formats.QUERN_SPARSE)
                .with(VERSION_NAME, VERSION)
                .with(GRIDS, new JsonArray(all));
    }

    /**
     * @param linears of the model, in order
     * @throws QuernException OUTPUT_DAMAGED for a block that is not what {@link #write} makes of them
     */
    static GridMap read(JsonObject config, List<LinearId> linears) {
        Map<String, IntegerShape> found = modules(config);
        Map<LinearId, Optional<IntegerShape>> grids = new LinkedHashMap<>();
        linears.forEach(linear -> grids.put(linear, Optional.ofNullable(found.get(linear.module()))));
        GridMap map = new GridMap(grids);
        if (!write(map).equals(config)) {
            throw damaged("config.json: quantization_config: " + Json.write(config)
                    + " (expected: a block that Quern writes for the linears of this model)");
        }
        return map;
    }

    /**
     * The grid of each module.
     *
     * @param config of a result in this format
     * @throws QuernException UNSUPPORTED_ARCHITECTURE for another version
     */
    static Map<String, IntegerShape> modules(ModelConfig config) {
        JsonValue block = config.raw().get("quantization_config");
        JsonValue version = member(block, VERSION_NAME);
        if (!JsonNumber.of(VERSION).equals(version)) {
            throw new QuernException(
                    ErrorCode.UNSUPPORTED_ARCHITECTURE,
                    "%s: quantization_config: version: %s (supported: %d)"
                            .formatted(config.path(), version == null ? "missing" : Json.write(version), VERSION));
        }
        return block instanceof JsonObject object ? modules(object) : Map.of();
    }

    private static Map<String, IntegerShape> modules(JsonObject block) {
        Map<String, IntegerShape> found = new HashMap<>();
        for (JsonValue grid : values(block.get(GRIDS))) {
            IntegerShape shape = new IntegerShape(
                    number(member(grid, BITS)),
                    number(member(grid, GROUP_SIZE)),
                    JsonBool.TRUE.equals(member(grid, SYMMETRIC)));
            for (JsonValue module : values(member(grid, MODULES))) {
                if (module instanceof JsonString(String name)) {
                    found.put(name, shape);
                }
            }
        }
        return found;
    }

    private static @Nullable JsonValue member(@Nullable JsonValue value, String name) {
        return value instanceof JsonObject object ? object.get(name) : null;
    }

    private static List<JsonValue> values(@Nullable JsonValue value) {
        return value instanceof JsonArray(List<JsonValue> values) ? values : List.of();
    }

    private static int number(@Nullable JsonValue value) {
        return value instanceof JsonNumber number && number.isLong() ? (int) number.longValue() : 0;
    }
}
