package dev.quern.recipes.codec;

import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values to JSON, by the type that they have. */
final class RecordWriter {
    private RecordWriter() {}

    static JsonValue write(@Nullable Object value) {
        return switch (value) {
            case null -> JsonNull.NULL;
            case JsonValue json -> json;
            case String text -> new JsonString(text);
            case Boolean truth -> JsonBool.of(truth);
            case Number number -> number(number);
            case Enum<?> constant -> new JsonString(Shapes.constant(constant));
            case Instant instant -> new JsonString(instant.toString());
            case List<?> list -> array(list);
            case Map<?, ?> map -> map(map);
            case Record structure -> object(structure);
            default ->
                throw new IllegalArgumentException(
                        "type: " + value.getClass().getName() + " (expected: a type that the codec knows)");
        };
    }

    private static JsonNumber number(Number number) {
        return switch (number) {
            case Double d -> JsonNumber.of(d.doubleValue());
            case Float f -> JsonNumber.of(f.floatValue());
            case Integer _, Long _, Short _, Byte _ -> JsonNumber.of(number.longValue());
            default ->
                throw new IllegalArgumentException(
                        "type: " + number.getClass().getName() + " (expected: a primitive number)");
        };
    }

    private static JsonArray array(List<?> list) {
        List<JsonValue> values = new ArrayList<>();
        list.forEach(element -> values.add(write(element)));
        return new JsonArray(values);
    }

    private static JsonObject map(Map<?, ?> map) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        map.forEach((key, value) -> members.put((String) key, write(value)));
        return new JsonObject(members);
    }

    static JsonObject object(Record structure) {
        Class<?> type = structure.getClass();
        Map<String, JsonValue> members = new LinkedHashMap<>();
        String version = Shapes.apiVersion(type);
        if (version != null) {
            members.put(ApiVersion.MEMBER, new JsonString(version));
        }
        Class<?> parent = Shapes.sealedParent(type);
        if (parent != null) {
            members.put(Shapes.discriminator(parent), new JsonString(Shapes.caseName(type)));
        }
        for (RecordComponent component : type.getRecordComponents()) {
            Object value = read(structure, component);
            if (value instanceof Record group && Shapes.isFlat(component)) {
                members.putAll(object(group).members());
            } else if (value != null) {
                members.put(Shapes.memberName(component), named(component, value));
            }
        }
        return new JsonObject(members);
    }

    private static JsonValue named(RecordComponent component, Object value) {
        Word word = component.getAnnotation(Word.class);
        if (word != null && stands(word, value)) {
            return new JsonString(word.value());
        }
        try {
            return write(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(component.getName() + "." + e.getMessage(), e);
        }
    }

    /** Whether the word is written in place of the value. */
    private static boolean stands(Word word, Object value) {
        return value instanceof Double number ? !Double.isFinite(number) : value.equals(word.means());
    }

    private static @Nullable Object read(Record structure, RecordComponent component) {
        try {
            Method accessor = component.getAccessor();
            accessor.setAccessible(true);
            return accessor.invoke(structure);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("component: " + component + " (expected: readable)", e);
        }
    }
}
