package dev.quern.engine.checkpoint;

import static dev.quern.engine.checkpoint.files.Refusal.damaged;

import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * A config.json, or an object inside it. Getters refuse values of another type by path; null is as good as missing, as
 * in Python.
 *
 * @param raw all members as the file has them
 * @param path of the object in messages, {@code config.json} at the top
 */
public record ModelConfig(JsonObject raw, String path) {
    public static final String FILE = "config.json";

    public ModelConfig(JsonObject raw) {
        this(raw, FILE);
    }

    /** The {@code model_type}, which decides the architecture. */
    public String modelType() {
        return text("model_type");
    }

    /**
     * The dtype that the model wants to be loaded in, in the spelling of either name; null where the file does not say.
     */
    public @Nullable String torchDtype() {
        return has("dtype") ? text("dtype") : text("torch_dtype", null);
    }

    public boolean has(String name) {
        return present(name) != null;
    }

    /**
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT when missing or of another type; so do all
     *     getters
     */
    public String text(String name) {
        return required(name, text(name, null), "a string");
    }

    public @Nullable String text(String name, @Nullable String missing) {
        JsonValue value = present(name);
        if (value == null) {
            return missing;
        }
        if (value instanceof JsonString(String text)) {
            return text;
        }
        throw mismatch(name, value, "a string");
    }

    /** A whole number that an int holds. */
    public int integer(String name) {
        JsonValue value = present(name);
        return value == null ? required(name, null, "a whole number") : integer(name, value);
    }

    public int integer(String name, int missing) {
        JsonValue value = present(name);
        return value == null ? missing : integer(name, value);
    }

    private int integer(String name, JsonValue value) {
        if (value instanceof JsonNumber number && number.isLong()) {
            long exact = number.longValue();
            if (exact == (int) exact) {
                return (int) exact;
            }
        }
        throw mismatch(name, value, "a whole number");
    }

    public double number(String name) {
        JsonValue value = present(name);
        return value == null ? required(name, null, "a number") : number(name, value);
    }

    public double number(String name, double missing) {
        JsonValue value = present(name);
        return value == null ? missing : number(name, value);
    }

    private double number(String name, JsonValue value) {
        if (value instanceof JsonNumber number && Double.isFinite(number.doubleValue())) {
            return number.doubleValue();
        }
        throw mismatch(name, value, "a number");
    }

    public boolean flag(String name, boolean missing) {
        JsonValue value = present(name);
        if (value == null) {
            return missing;
        }
        if (value instanceof JsonBool(boolean truth)) {
            return truth;
        }
        throw mismatch(name, value, "true or false");
    }

    /** An object inside this one, null where it is missing. */
    public @Nullable ModelConfig object(String name) {
        JsonValue value = present(name);
        if (value == null) {
            return null;
        }
        if (value instanceof JsonObject object) {
            return new ModelConfig(object, path + ": " + name);
        }
        throw mismatch(name, value, "an object");
    }

    private @Nullable JsonValue present(String name) {
        JsonValue value = raw.get(name);
        return value instanceof JsonNull ? null : value;
    }

    private <T> T required(String name, @Nullable T value, String expected) {
        if (value == null) {
            throw damaged(path, name + ": missing (expected: " + expected + ")");
        }
        return value;
    }

    private QuernException mismatch(String name, JsonValue value, String expected) {
        return damaged(path, name + ": " + Json.write(value) + " (expected: " + expected + ")");
    }
}
