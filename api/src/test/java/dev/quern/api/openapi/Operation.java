package dev.quern.api.openapi;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One operation while it is described. Errors that every operation may answer with are added at the end. */
final class Operation {
    static final String JSON = "application/json";

    private final String id;
    private final String tag;
    private final String summary;
    private final List<JsonValue> parameters = new ArrayList<>();
    private final Map<String, JsonValue> answers = new LinkedHashMap<>();
    private final TreeMap<String, String> errors =
            new TreeMap<>(Map.of("401", "Unauthenticated", "429", "TooManyRequests", "503", "Unavailable"));
    private @Nullable String description;
    private @Nullable JsonObject body;
    private boolean open;

    private Operation(String id, String tag, String summary) {
        this.id = id;
        this.tag = tag;
        this.summary = summary;
    }

    static Operation of(String id, String tag, String summary) {
        return new Operation(id, tag, summary);
    }

    Operation saying(String more) {
        description = more;
        return this;
    }

    Operation path(String name, String what) {
        parameters.add(parameter(name, "path", Schemas.simple("string"), what).with("required", true));
        errors.put("404", "NotFound");
        return this;
    }

    Operation query(String name, JsonObject schema, String what) {
        parameters.add(parameter(name, "query", schema, what));
        return this;
    }

    Operation header(String name, String what) {
        parameters.add(parameter(name, "header", Schemas.simple("string"), what));
        return this;
    }

    Operation body(JsonObject schema, String example) {
        body = JsonObject.EMPTY
                .with(
                        "content",
                        JsonObject.EMPTY.with(
                                JSON, JsonObject.EMPTY.with("schema", schema).with("example", Json.parse(example))))
                .with("required", true);
        errors.put("400", "BadRequest");
        errors.put("422", "Invalid");
        return this;
    }

    /** An answer of this type; called again for the same status it adds another type. */
    Operation answers(int status, String mediaType, JsonObject schema, String what) {
        String key = Integer.toString(status);
        JsonObject before = answers.get(key) instanceof JsonObject old ? old : JsonObject.EMPTY;
        JsonObject content = before.get("content") instanceof JsonObject old ? old : JsonObject.EMPTY;
        answers.put(
                key,
                before.with("content", content.with(mediaType, JsonObject.EMPTY.with("schema", schema)))
                        .with(
                                "description",
                                before.get("description") instanceof JsonString old ? old : new JsonString(what)));
        return this;
    }

    Operation empty(int status, String what) {
        answers.put(Integer.toString(status), JsonObject.EMPTY.with("description", what));
        return this;
    }

    Operation conflicts() {
        errors.put("409", "Conflict");
        return this;
    }

    Operation admin() {
        errors.put("403", "Forbidden");
        return this;
    }

    /** Takes no key. */
    Operation open() {
        errors.remove("401");
        open = true;
        return this;
    }

    JsonObject describe(JsonObject problem) {
        JsonObject described = JsonObject.EMPTY
                .with("operationId", id)
                .with("tags", Schemas.strings(List.of(tag)))
                .with("summary", summary);
        if (description != null) {
            described = described.with("description", description);
        }
        described = described.with("parameters", new JsonArray(parameters));
        if (open) {
            described = described.with("security", new JsonArray(List.of()));
        }
        if (body != null) {
            described = described.with("requestBody", body);
        }
        Map<String, JsonValue> responses = new LinkedHashMap<>(answers);
        errors.forEach((status, name) ->
                responses.put(status, JsonObject.EMPTY.with("$ref", "#/components/responses/" + name)));
        responses.put("default", problem);
        return described.with("responses", new JsonObject(responses));
    }

    private static JsonObject parameter(String name, String in, JsonObject schema, String what) {
        return JsonObject.EMPTY
                .with("name", name)
                .with("in", in)
                .with("description", what)
                .with("schema", schema);
    }
}
