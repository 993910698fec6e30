package dev.quern.engine.checkpoint;

import static dev.quern.engine.checkpoint.Refusal.damaged;

import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Small JSON files of a checkpoint. */
final class Sources {
    private Sources() {}

    /** @throws dev.quern.recipes.QuernException INVALID_CHECKPOINT when it cannot be read or is too large */
    static JsonObject object(Path file, int maxBytes) {
        String name = Refusal.name(file);
        try {
            long size = Files.size(file);
            if (size > maxBytes) {
                throw damaged(name, size + " bytes (expected: at most " + maxBytes + ")");
            }
            if (Json.parse(Files.readAllBytes(file), maxBytes) instanceof JsonObject object) {
                return object;
            }
            throw damaged(name, "not an object (expected: a JSON object)");
        } catch (IOException e) {
            throw Refusal.unreadable(file, e);
        } catch (JsonException e) {
            throw e.in(name, ErrorCode.INVALID_CHECKPOINT);
        }
    }
}
