package dev.quern.recipes;

import dev.quern.recipes.Recipe.Rounding;
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
import java.util.Optional;
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
    private static final String PROPAGATION = "propagation";
    private static final String GRID = "grid";
    private static final String CLIP_SEARCH = "clipSearch";
    private static final String ROUNDING = "rounding";

    /** @throws QuernException INVALID_RECIPE when {@code extends} names no built-in recipe */
    @Override
    public JsonObject apply(JsonObject recipe) {
        JsonValue base = recipe.get(EXTENDS);
        JsonObject whole =
                withOverrides(withUsual(base == null ? recipe : extended(base(base), recipe.without(EXTENDS))));
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

    private static JsonObject extended(JsonObject base, JsonObject changes) {
        boolean another = base.get(ROUNDING) instanceof JsonObject before
                && changes.get(ROUNDING) instanceof JsonObject after
                && !isSameMethod(before, after);
        return over(another ? withoutUsual(base) : base, changes);
    }

    /** What goes with its method. */
    private static JsonObject withoutUsual(JsonObject recipe) {
        JsonObject rest = recipe.without(PROPAGATION);
        return rest.get(GRID) instanceof JsonObject grid ? rest.with(GRID, grid.without(CLIP_SEARCH)) : rest;
    }

    /** What is usual with the method, where the recipe does not say: its propagation and its clip search. */
    private static JsonObject withUsual(JsonObject recipe) {
        return roundingOf(recipe)
                .map(rounding -> withClipSearch(withPropagation(recipe, rounding), rounding))
                .orElse(recipe);
    }

    private static JsonObject withPropagation(JsonObject recipe, Rounding rounding) {
        return recipe.has(PROPAGATION)
                ? recipe
                : recipe.with(PROPAGATION, RecordCodec.write(RecipeNames.usualPropagation(rounding)));
    }

    private static JsonObject withClipSearch(JsonObject recipe, Rounding rounding) {
        return recipe.get(GRID) instanceof JsonObject grid && !grid.has(CLIP_SEARCH)
                ? recipe.with(GRID, grid.with(CLIP_SEARCH, RecordCodec.write(rounding.usualClipSearch())))
                : recipe;
    }

    /** Empty where it is not said, or wrong: reading the record refuses that. */
    private static Optional<Rounding> roundingOf(JsonObject recipe) {
        JsonValue rounding = recipe.get(ROUNDING);
        try {
            return rounding == null
                    ? Optional.empty()
                    : Optional.of(RecordCodec.read(rounding, Rounding.class, ErrorCode.INVALID_RECIPE));
        } catch (QuernException e) {
            return Optional.empty();
        }
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
        for (String section : List.of(GRID, ROUNDING)) {
            if (override.get(section) instanceof JsonObject own && recipe.get(section) instanceof JsonObject common) {
                completed = completed.with(section, merged(common, own));
            }
        }
        return withUsualOf(override, completed, recipe);
    }

    /** Another method comes with the clip search that is usual with it, where the override does not say. */
    private static JsonObject withUsualOf(JsonObject override, JsonObject completed, JsonObject recipe) {
        boolean another = override.get(ROUNDING) instanceof JsonObject own
                && !(recipe.get(ROUNDING) instanceof JsonObject common && isSameMethod(common, own));
        boolean said = override.get(GRID) instanceof JsonObject own && own.has(CLIP_SEARCH);
        JsonValue grid = completed.get(GRID) == null ? recipe.get(GRID) : completed.get(GRID);
        if (!another || said || !(grid instanceof JsonObject(Map<String, JsonValue> members))) {
            return completed;
        }
        return roundingOf(completed)
                .map(rounding -> completed.with(
                        GRID, new JsonObject(members).with(CLIP_SEARCH, RecordCodec.write(rounding.usualClipSearch()))))
                .orElse(completed);
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
        return isSameMethod(before, after) ? over(before, after) : after;
    }

    private static boolean isSameMethod(JsonObject before, JsonObject after) {
        return after.get(METHOD) == null || after.get(METHOD).equals(before.get(METHOD));
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
