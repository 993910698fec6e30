package dev.quern.recipes;

import dev.quern.recipes.QuernException.Violation;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.json.RecordCodec;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The short form of a recipe: {@code extends} names a built-in recipe whose values hold where this one says nothing, and a recipe without
 * a name gets the one that its values make.
 */
public final class RecipeForm implements UnaryOperator<JsonObject> {
    static final String EXTENDS = "extends";
    private static final String NAME = "name";
    private static final String METHOD = "method";

    /** @throws QuernException INVALID_RECIPE when {@code extends} names no built-in recipe */
    @Override
    public JsonObject apply(JsonObject recipe) {
        JsonValue base = recipe.get(EXTENDS);
        JsonObject whole = base == null ? recipe : over(base(base), recipe.without(EXTENDS));
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

    /** Members of the changes replace those of the base; objects are merged, unless they are of another method. */
    private static JsonObject over(JsonObject base, JsonObject changes) {
        JsonObject merged = base;
        for (Map.Entry<String, JsonValue> change : changes.members().entrySet()) {
            JsonValue value = change.getValue();
            if (base.get(change.getKey()) instanceof JsonObject before
                    && value instanceof JsonObject after
                    && (after.get(METHOD) == null || after.get(METHOD).equals(before.get(METHOD)))) {
                value = over(before, after);
            }
            merged = merged.with(change.getKey(), value);
        }
        return merged;
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
