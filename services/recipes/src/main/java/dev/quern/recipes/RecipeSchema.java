package dev.quern.recipes;

import dev.quern.recipes.json.ApiVersion;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.json.RecordSchema;
import java.util.ArrayList;
import java.util.List;

/** JSON Schema of recipe files, made from the records that they are read into; published as docs/recipe.schema.json. */
public final class RecipeSchema {
    private RecipeSchema() {}

    public static JsonObject schema() {
        JsonObject recipe = RecordSchema.of(Recipe.class);
        JsonObject properties = JsonObject.EMPTY
                .with(
                        ApiVersion.MEMBER,
                        JsonObject.EMPTY
                                .with("description", "The version of this form.")
                                .with("const", JobRequest.API_VERSION))
                .with(
                        RecipeForm.EXTENDS,
                        JsonObject.EMPTY
                                .with("description", "A built-in recipe whose values hold where this one says nothing.")
                                .with("enum", strings(Recipes.names())))
                .with((JsonObject) member(recipe, "properties"));
        return JsonObject.EMPTY
                .with("$schema", "https://json-schema.org/draft/2020-12/schema")
                .with("title", "Recipe of Quern")
                .with("type", "object")
                .with("properties", withoutRequired(properties))
                .with("required", strings(List.of(ApiVersion.MEMBER)))
                .with(
                        "anyOf",
                        new JsonArray(List.of(
                                JsonObject.EMPTY.with("required", strings(List.of(RecipeForm.EXTENDS))),
                                JsonObject.EMPTY
                                        .with("required", strings(List.of("grid")))
                                        .with("properties", JsonObject.EMPTY.with("grid", required(recipe, "grid"))))))
                .with("additionalProperties", false);
    }

    /** A grid that extends another one may leave everything out. */
    private static JsonObject withoutRequired(JsonObject properties) {
        JsonObject grid = (JsonObject) member(properties, "grid");
        return properties.with("grid", grid.without("required"));
    }

    private static JsonObject required(JsonObject recipe, String name) {
        JsonObject member = (JsonObject) member((JsonObject) member(recipe, "properties"), name);
        return JsonObject.EMPTY.with("required", member(member, "required"));
    }

    private static JsonValue member(JsonObject object, String name) {
        JsonValue value = object.get(name);
        if (value == null) {
            throw new IllegalStateException(name + ": missing (expected: in the schema of a recipe)");
        }
        return value;
    }

    private static JsonArray strings(List<String> texts) {
        List<JsonValue> values = new ArrayList<>();
        texts.forEach(text -> values.add(new JsonString(text)));
        return new JsonArray(values);
    }
}
