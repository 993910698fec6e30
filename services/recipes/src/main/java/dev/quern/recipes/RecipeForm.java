package dev.quern.recipes;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The short form of a recipe. {@code extends} names a built-in recipe whose values hold where this one says nothing;
 * {@code ignore} is an override that keeps modules; the grid and the rounding of an override need only what differs
 * from the recipe's; a recipe without a name gets the one that its values make.
 */
public final class RecipeForm implements UnaryOperator<JsonObject> {
    static final String EXTENDS = "extends";
    static final String IGNORE = "ignore";
    private static final String OVERRIDES = "overrides";
    private static final String NAME = "name";
    private static final String METHOD = "method";

    /** @throws QuernException INVALID_RECIPE when {@code extends} names no built-in recipe */
    @Override
    public JsonObject apply(JsonObject recipe) {
        JsonValue base = recipe.get(EXTENDS);
        JsonObject whole = withOverrides(base == null ? recipe : over(base(base), recipe.without(EXTENDS)));
        return whole.get(NAME) == null ? whole.with(NAME, nameOf(whole)) : whole;
    }

    private static JsonObject base(JsonValue name) {
        if (name instanceof JsonString(String known) && Recipes.names().contains(known)) {
            return RecordCodec.writeObject(Recipes.find(known)).without(NAME);
        }
        String message = EXTENDS + ": " + (name instanceof JsonString(String text) ? text : "no string")
                + " (expected one of: " + String.join(", ", Recipes.names()) + ")";
        throw new QuernException(ErrorCode.INVALID_RECIPE, message, List.of(new Violation("/" + EXTENDS, message)));
    }

    /** Anything but arrays is left as it is: reading the record refuses it. */
    private static JsonObject withOverrides(JsonObject recipe) {
        List<JsonValue> overrides = new ArrayList<>();
        if (recipe.get(IGNORE) instanceof JsonArray modules) {
            if (!modules.values().isEmpty()) {
                overrides.add(JsonObject.EMPTY.with("modules", modules).with("keep", true));
            }
            recipe = recipe.without(IGNORE);
        }
        if (recipe.get(OVERRIDES) instanceof JsonArray(List<JsonValue> own)) {
            for (JsonValue override : own) {
                overrides.add(override instanceof JsonObject object ? completed(object, recipe) : override);
            }
        }
        return overrides.isEmpty() ? recipe : recipe.with(OVERRIDES, new JsonArray(overrides));
    }

    private static JsonObject completed(JsonObject override, JsonObject recipe) {
        JsonObject completed = override;
        for (String section : List.of("grid", "rounding")) {
            if (override.get(section) instanceof JsonObject own && recipe.get(section) instanceof JsonObject common) {
                completed = completed.with(section, merged(common, own));
            }
        }
        return completed;
    }

    /** Members of the changes replace those of the base; objects are merged, unless they are of another method. */
    private static JsonObject over(JsonObject base, JsonObject changes) {
        JsonObject merged = base;
        for (Map.Entry<String, JsonValue> change : changes.members().entrySet()) {
            JsonValue value = change.getValue();
            if (base.get(change.getKey()) instanceof JsonObject before && value instanceof JsonObject after) {
                value = merged(before, after);
            }
            merged = merged.with(change.getKey(), value);
        }
        return merged;
    }

    private static JsonObject merged(JsonObject before, JsonObject after) {
        boolean same = after.get(METHOD) == null || after.get(METHOD).equals(before.get(METHOD));
        return same ? over(before, after) : after;
    }

    /** Any name where the recipe has errors: they are reported when it is read. */
    private static String nameOf(JsonObject recipe) {
        try {
            return RecipeNames.of(
                    RecordCodec.read(recipe.with(NAME, "unnamed"), Recipe.class, ErrorCode.INVALID_RECIPE));
        } catch (QuernException e) {
            return "unnamed";
        }
    }
}
