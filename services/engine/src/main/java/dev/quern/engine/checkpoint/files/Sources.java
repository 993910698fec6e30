package dev.quern.engine.checkpoint.files;

import static dev.quern.engine.checkpoint.files.Refusal.damaged;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonObject;

/** Small files of a checkpoint. */
public final class Sources {
    /**
     * Values in one JSON file. A tensor of a header has about eight; the largest models have 100,000 tensors in all
     * their files.
     */
    public static final int MAX_VALUES = 2_000_000;

    private Sources() {}

    /** @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT when it cannot be read or is too large */
    public static JsonObject object(CheckpointFiles files, String name, int maxBytes) {
        try {
            if (Json.parse(bytes(files, name, maxBytes), maxBytes, MAX_VALUES) instanceof JsonObject object) {
                return object;
            }
            throw damaged(name, "not an object (expected: a JSON object)");
        } catch (JsonException e) {
            throw e.in(name, ErrorCode.INVALID_CHECKPOINT);
        }
    }

    /** @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT when it is too large */
    public static byte[] bytes(CheckpointFiles files, String name, int maxBytes) {
        long size = files.version(name).size();
        if (size > maxBytes) {
            throw damaged(name, size + " bytes (expected: at most " + maxBytes + ")");
        }
        return files.read(name, 0, (int) size);
    }
}
