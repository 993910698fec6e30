package dev.quern.recipes.codec;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON Schema (2020-12) of what {@link RecordCodec} reads into a type. {@link Described} members bring their words and
 * bounds.
 */
public final class RecordSchema {
    private RecordSchema() {}

    /** @throws IllegalArgumentException for a type that the codec does not know */
    public static JsonObject of(Type type) {
        return switch (type) {
            case ParameterizedType generic
            when generic.getRawType() == List.class ->
                typed("array").with("items", of(generic.getActualTypeArguments()[0]));
            case ParameterizedType generic
            when generic.getRawType() == Map.class ->
                typed("object").with("additionalProperties", of(generic.getActualTypeArguments()[1]));
            case Class<?> plain when plain.isRecord() -> structure(plain, null);
            case Class<?> plain
            when Shapes.isSealedRecords(plain) ->
                JsonObject.EMPTY.with(
                        "oneOf",
                        new JsonArray(Shapes.cases(plain).stream()
                                .<JsonValue>map(each -> structure(each, Shapes.discriminator(plain)))
                                .toList()));
            case Class<?> plain when plain.isEnum() -> constants(plain);
            case Class<?> plain -> typed(name(plain));
            default -> throw new IllegalArgumentException("type: " + type + " (expected: one that the codec knows)");
        };
    }

    private static JsonObject typed(String name) {
        return JsonObject.EMPTY.with("type", name);
    }

    private static String name(Class<?> type) {
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return "integer";
        }
        if (type == double.class || type == Double.class || type == float.class || type == Float.class) {
            return "number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "boolean";
        }
        if (type == String.class) {
            return "string";
        }
        throw new IllegalArgumentException("type: " + type + " (expected: one that the codec knows)");
    }

    private static JsonObject constants(Class<?> type) {
        List<JsonValue> values = new ArrayList<>();
        for (Object constant : type.getEnumConstants()) {
            values.add(new JsonString(Shapes.constant((Enum<?>) constant)));
        }
        return typed("string").with("enum", new JsonArray(values));
    }

    /** @param discriminator the member that says which record of several it is, null where there is one only */
    private static JsonObject structure(Class<?> type, @Nullable String discriminator) {
        JsonObject properties = JsonObject.EMPTY;
        List<JsonValue> required = new ArrayList<>();
        if (discriminator != null) {
            properties = properties.with(discriminator, JsonObject.EMPTY.with("const", Shapes.caseName(type)));
            required.add(new JsonString(discriminator));
        }
        properties = properties.with(members(type, required));
        JsonObject schema = typed("object").with("properties", properties);
        return (required.isEmpty() ? schema : schema.with("required", new JsonArray(required)))
                .with("additionalProperties", false);
    }

    /** @param required receives the names of those that must be there */
    private static JsonObject members(Class<?> type, List<JsonValue> required) {
        JsonObject members = JsonObject.EMPTY;
        for (RecordComponent component : type.getRecordComponents()) {
            String name = Shapes.memberName(component);
            if (Shapes.isFlat(component)) {
                members = members.with(members(component.getType(), required));
            } else {
                members = members.with(name, member(component));
                if (isRequired(component)) {
                    required.add(new JsonString(name));
                }
            }
        }
        return members;
    }

    private static boolean isRequired(RecordComponent component) {
        return !component.isAnnotationPresent(Default.class)
                && !Shapes.isNullable(component)
                && component.getType() != List.class
                && component.getType() != Map.class;
    }

    private static JsonObject member(RecordComponent component) {
        Described described = component.getAnnotation(Described.class);
        JsonObject schema = bounded(of(component.getGenericType()), described);
        Word word = component.getAnnotation(Word.class);
        if (word != null) {
            schema = JsonObject.EMPTY.with(
                    "anyOf", new JsonArray(List.of(JsonObject.EMPTY.with("const", word.value()), schema)));
        }
        if (described != null) {
            schema = JsonObject.EMPTY.with("description", described.value()).with(schema);
        }
        Default fallback = component.getAnnotation(Default.class);
        return fallback == null ? schema : schema.with("default", Json.parse(fallback.value()));
    }

    private static JsonObject bounded(JsonObject schema, @Nullable Described described) {
        if (described == null) {
            return schema;
        }
        JsonObject bounded = bound(schema, described.exclusive() ? "exclusiveMinimum" : "minimum", described.minimum());
        return bound(bounded, described.exclusive() ? "exclusiveMaximum" : "maximum", described.maximum());
    }

    private static JsonObject bound(JsonObject schema, String name, double bound) {
        if (Double.isInfinite(bound)) {
            return schema;
        }
        boolean whole = bound == Math.rint(bound);
        return schema.with(name, whole ? JsonNumber.of((long) bound) : JsonNumber.of(bound));
    }
}
