package dev.quern.recipes;

import dev.quern.recipes.codec.ApiVersion;
import dev.quern.recipes.codec.RecordSchema;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
                .with((JsonObject) member(recipe, "properties"))
                .with(
                        RecipeForm.IGNORE,
                        JsonObject.EMPTY
                                .with(
                                        "description",
                                        "Linears that keep their original weights, by patterns as in overrides.")
                                .with("type", "array")
                                .with("items", JsonObject.EMPTY.with("type", "string")));
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

    /** The schema of a whole recipe, as reports hold it; it is part of docs/report.schema.json. */
    public static JsonObject whole() {
        JsonObject recipe = RecordSchema.of(Recipe.class);
        return recipe.with(
                        "properties",
                        JsonObject.EMPTY
                                .with(ApiVersion.MEMBER, JsonObject.EMPTY.with("const", JobRequest.API_VERSION))
                                .with((JsonObject) member(recipe, "properties")))
                .with("description", "The recipe, resolved.")
                .with(
                        "required",
                        strings(List.of(ApiVersion.MEMBER, "name", "propagation", "grid", "rounding", "reproducible")));
    }

    /**
     * A grid that extends another one may leave everything out, and so may that of an override, which has no defaults
     * of its own.
     */
    private static JsonObject withoutRequired(JsonObject properties) {
        JsonObject grid = (JsonObject) member(properties, "grid");
        JsonObject overrides = (JsonObject) member(properties, "overrides");
        return properties.with("grid", grid.without("required")).with("overrides", (JsonObject)
                withoutDefaults(overrides));
    }

    private static JsonValue withoutDefaults(JsonValue schema) {
        return switch (schema) {
            case JsonArray(List<JsonValue> values) ->
                new JsonArray(values.stream().map(RecipeSchema::withoutDefaults).toList());
            case JsonObject object -> {
                JsonObject rest = JsonObject.EMPTY;
                for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
                    if (!member.getKey().equals("default") && !member.getKey().equals("required")) {
                        rest = rest.with(member.getKey(), withoutDefaults(member.getValue()));
                    }
                }
                yield rest;
            }
            default -> schema;
        };
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
