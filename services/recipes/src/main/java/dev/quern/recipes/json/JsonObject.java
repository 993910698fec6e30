package dev.quern.recipes.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON object; members keep their order. */
public record JsonObject(Map<String, JsonValue> members) implements JsonValue {
    public static final JsonObject EMPTY = new JsonObject(Map.of());

    public JsonObject {
        members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    /** Null where there is no such member. */
    public @Nullable JsonValue get(String name) {
        return members.get(name);
    }

    public boolean has(String name) {
        return members.containsKey(name);
    }

    /** The same with a member added at the end, or replaced in place. */
    public JsonObject with(String name, JsonValue value) {
        Map<String, JsonValue> changed = new LinkedHashMap<>(members);
        changed.put(name, value);
        return new JsonObject(changed);
    }

    public JsonObject with(String name, String value) {
        return with(name, new JsonString(value));
    }

    public JsonObject with(String name, long value) {
        return with(name, JsonNumber.of(value));
    }

    public JsonObject with(String name, boolean value) {
        return with(name, JsonBool.of(value));
    }

    /** The same with all members of another one. */
    public JsonObject with(JsonObject other) {
        Map<String, JsonValue> changed = new LinkedHashMap<>(members);
        changed.putAll(other.members());
        return new JsonObject(changed);
    }

    /** The same without a member. */
    public JsonObject without(String name) {
        Map<String, JsonValue> changed = new LinkedHashMap<>(members);
        changed.remove(name);
        return new JsonObject(changed);
    }
}
