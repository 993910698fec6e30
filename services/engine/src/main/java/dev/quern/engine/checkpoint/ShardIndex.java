package dev.quern.engine.checkpoint;

import static dev.quern.engine.checkpoint.files.Refusal.damaged;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.engine.checkpoint.files.Sources;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** {@code model.safetensors.index.json}: which shard holds which tensor. */
record ShardIndex(Map<String, String> fileOf) {
    static final String FILE = "model.safetensors.index.json";

    private static final int MAX_BYTES = 100_000_000;
    private static final Pattern SHARD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*\\.safetensors");

    /** @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT when it is not an index */
    static ShardIndex read(CheckpointFiles files) {
        JsonObject top = Sources.object(files, FILE, MAX_BYTES);
        if (!(top.get("weight_map") instanceof JsonObject(Map<String, JsonValue> members)) || members.isEmpty()) {
            throw damaged(FILE, "weight_map: missing (expected: an object of tensor and file names)");
        }
        Map<String, String> fileOf = new LinkedHashMap<>();
        members.forEach((tensor, shard) -> fileOf.put(tensor, shardName(tensor, shard)));
        return new ShardIndex(fileOf);
    }

    /** A name beside the index, never a path out of the folder. */
    private static String shardName(String tensor, JsonValue value) {
        if (value instanceof JsonString(String name) && SHARD.matcher(name).matches()) {
            return name;
        }
        throw damaged(
                FILE, "weight_map: " + tensor + ": " + Json.write(value) + " (expected: a *.safetensors file name)");
    }

    SortedSet<String> files() {
        return new TreeSet<>(fileOf.values());
    }
}
