package dev.quern.engine.model.family;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonValue;

/** Reads options of config.json that have a range, and names those that Quern does not implement. */
public final class Options {
    /** Characters that an error shows of a value, which may be of any length. */
    private static final int SHOWN = 500;

    private Options() {}

    /** A positive whole number that must be there. */
    static int size(ModelConfig config, String key) {
        return positive(config, key, config.integer(key));
    }

    static int size(ModelConfig config, String key, int missing) {
        return positive(config, key, config.integer(key, missing));
    }

    /** A positive number that must be there. */
    static double number(ModelConfig config, String key) {
        return positive(config, key, config.number(key));
    }

    static double number(ModelConfig config, String key, double missing) {
        return positive(config, key, config.number(key, missing));
    }

    static String text(ModelConfig config, String key, String missing) {
        return config.has(key) ? config.text(key) : missing;
    }

    /** An option that Quern does not implement. */
    public static QuernException unsupported(ModelConfig config, String key, String supported) {
        return new QuernException(
                ErrorCode.UNSUPPORTED_ARCHITECTURE, describe(config, key) + " (supported: " + supported + ")");
    }

    /** A value that is out of range, or that contradicts another. */
    static QuernException invalid(ModelConfig config, String key, String expected) {
        return new QuernException(
                ErrorCode.INVALID_CHECKPOINT, describe(config, key) + " (expected: " + expected + ")");
    }

    private static <T extends Number> T positive(ModelConfig config, String key, T value) {
        if (value.doubleValue() > 0) {
            return value;
        }
        throw invalid(config, key, "more than 0");
    }

    private static String describe(ModelConfig config, String key) {
        JsonValue value = config.raw().get(key);
        String written = value == null ? "missing" : Json.write(value);
        return config.path() + ": " + shown(key) + ": " + shown(written);
    }

    /** Names and values in a file may be of any length. */
    private static String shown(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }
}
