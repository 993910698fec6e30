package dev.quern.recipes;

import dev.quern.recipes.codec.ApiVersion;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.yaml.Yaml;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The catalogue: recipes by name. Each is a file that a user can print, copy and change. Recipes are read as YAML; JSON
 * is read as well.
 */
public final class Recipes {
    /**
     * In the order in which they are shown: the recommended one first. One line per recipe; its file has the same name.
     */
    private static final List<String> NAMES = List.of(
            "gptq-w4a16",
            "gptq-w4a16-asym",
            "gptq-w8a16",
            "gptq-w3a16",
            "gptq-w2a16",
            "gptq-best-w4a16",
            "gptq-best-w3a16",
            "gptq-best-w2a16",
            "yaqa-w4a16",
            "yaqa-w3a16",
            "yaqa-w2a16",
            "yaqa-lite-w4a16",
            "obr-w4s50",
            "obr-w4-2of4",
            "obr-w4a4kv4-s50",
            "rtn-w4a16");

    private Recipes() {}

    /** What is taken where a user names none. */
    public static String defaultName() {
        return NAMES.getFirst();
    }

    public static List<String> names() {
        return NAMES;
    }

    public static List<Recipe> all() {
        return NAMES.stream().map(Recipes::find).toList();
    }

    /** @throws QuernException INVALID_RECIPE that lists the names there are */
    public static Recipe find(String name) {
        return read(text(name));
    }

    /** Whether it is the built-in recipe of its name, in every value. */
    public static boolean isBuiltIn(Recipe recipe) {
        return NAMES.contains(recipe.name()) && find(recipe.name()).equals(recipe);
    }

    /** The file of a recipe, comments included; throws as {@link #find}. */
    public static String text(String name) {
        if (!NAMES.contains(name)) {
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE,
                    "recipe: " + name + " (expected one of: " + String.join(", ", NAMES) + ")");
        }
        String resource = "/recipes/" + name + ".yaml";
        try (InputStream file = Recipes.class.getResourceAsStream(resource)) {
            if (file == null) {
                throw new IllegalStateException(resource + ": missing (expected: in this jar)");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads a recipe file: YAML, or JSON when it begins with a brace.
     *
     * @throws QuernException INVALID_RECIPE with every violation, or with line and column where the text cannot be read
     *     at all
     */
    public static Recipe read(String text) {
        JsonValue value = value(text);
        if (value instanceof JsonObject object) {
            requireVersion(object);
        }
        return RecordCodec.read(value, Recipe.class, ErrorCode.INVALID_RECIPE);
    }

    /** Resolved recipes as one JSON document, an array. */
    public static String write(List<Recipe> recipes) {
        return Json.canonical(
                new JsonArray(recipes.stream().map(RecordCodec::write).toList()));
    }

    /** What {@link #write} wrote. */
    public static List<Recipe> list(String json) {
        if (Json.parse(json) instanceof JsonArray array) {
            return array.values().stream()
                    .map(value -> RecordCodec.read(value, Recipe.class))
                    .toList();
        }
        throw new QuernException(ErrorCode.INVALID_RECIPE, "recipes: no array (expected: a JSON array of recipes)");
    }

    private static JsonValue value(String text) {
        try {
            return text.stripLeading().startsWith("{") ? Json.parse(text) : Yaml.parse(text);
        } catch (JsonException e) {
            throw e.in("recipe", ErrorCode.INVALID_RECIPE);
        }
    }

    /** Before all else: what another version calls a mistake may be right there. */
    private static void requireVersion(JsonObject recipe) {
        JsonValue version = recipe.get(ApiVersion.MEMBER);
        if (!new JsonString(JobRequest.API_VERSION).equals(version)) {
            String found = version == null ? "missing" : Json.write(version);
            String message = "apiVersion: " + found + " (expected: " + JobRequest.API_VERSION + ")";
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE, message, List.of(new QuernException.Violation("/apiVersion", message)));
        }
    }
}
