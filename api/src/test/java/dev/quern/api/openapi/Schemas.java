package dev.quern.api.openapi;

import dev.quern.recipes.Formats;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.codec.ApiVersion;
import dev.quern.recipes.codec.ByName;
import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Discriminator;
import dev.quern.recipes.codec.Flat;
import dev.quern.recipes.codec.Named;
import dev.quern.recipes.codec.Word;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** JSON schemas of records, by the rules of the record codec. */
final class Schemas {
    /** The allowed values of strings that have few. */
    private static final Map<String, List<String>> VALUES = Map.of(
            "UploadView.state", List.of("OPEN", "COMPLETED"),
            "UploadView.Summary.state", List.of("OPEN", "COMPLETED"),
            "JobRequest.apiVersion", List.of(JobRequest.API_VERSION),
            "JobRequest.Output.format",
                    Stream.concat(Formats.ALL.stream(), Stream.of(JobRequest.Output.EVALUATION))
                            .toList(),
            "JobEvent.type", List.of("state", "stage", "block", "linear", "reason", "log"),
            "Problem.code",
                    Arrays.stream(ErrorCode.values()).map(ErrorCode::slug).toList());

    private final Map<String, JsonValue> named = new TreeMap<>();

    /** A reference to the schema of a type, which is added where it is new. */
    JsonObject of(Type type) {
        return switch (type) {
            case ParameterizedType list
            when list.getRawType() == List.class -> simple("array").with("items", of(list.getActualTypeArguments()[0]));
            case ParameterizedType map
            when map.getRawType() == Map.class ->
                simple("object").with("additionalProperties", of(map.getActualTypeArguments()[1]));
            case Class<?> plain -> plain(plain);
            default -> throw new IllegalArgumentException("type: " + type);
        };
    }

    JsonObject all() {
        return new JsonObject(named);
    }

    private static String name(Class<?> type, String constant) {
        return type.isAnnotationPresent(ByName.class) ? constant : constant.toLowerCase(Locale.ROOT);
    }

    private JsonObject plain(Class<?> type) {
        if (type.isRecord() || type.isSealed()) {
            return reference(type);
        }
        if (type.isEnum()) {
            return simple("string")
                    .with(
                            "enum",
                            strings(Arrays.stream(type.getEnumConstants())
                                    .map(constant -> name(type, ((Enum<?>) constant).name()))
                                    .toList()));
        }
        return switch (type.getSimpleName()) {
            case "String" -> simple("string");
            case "int", "Integer" -> simple("integer").with("format", "int32");
            case "long", "Long" -> simple("integer").with("format", "int64");
            case "double", "Double" -> simple("number").with("format", "double");
            case "boolean", "Boolean" -> simple("boolean");
            case "Object" -> JsonObject.EMPTY;
            default -> instant(type);
        };
    }

    private static JsonObject instant(Class<?> type) {
        if (type != Instant.class) {
            throw new IllegalArgumentException("type: " + type + " (expected: one that the record codec knows)");
        }
        return simple("string").with("format", "date-time");
    }

    private JsonObject reference(Class<?> type) {
        String name = name(type);
        if (!named.containsKey(name)) {
            // Taken before it is made: a record may contain itself.
            named.put(name, JsonObject.EMPTY);
            named.put(name, type.isRecord() ? record(type) : cases(type));
        }
        return JsonObject.EMPTY.with("$ref", "#/components/schemas/" + name);
    }

    private JsonObject record(Class<?> type) {
        Map<String, JsonValue> properties = new java.util.LinkedHashMap<>();
        List<String> required = new ArrayList<>();
        ApiVersion version = type.getAnnotation(ApiVersion.class);
        if (version != null) {
            properties.put(ApiVersion.MEMBER, simple("string").with("enum", strings(List.of(version.value()))));
        }
        String discriminator = discriminator(type);
        if (discriminator != null) {
            properties.put(
                    discriminator,
                    simple("string")
                            .with("enum", strings(List.of(type.getSimpleName().toLowerCase(Locale.ROOT)))));
            required.add(discriminator);
        }
        members(type, properties, required);
        JsonObject schema =
                described(simple("object"), Javadoc.of(type).text()).with("properties", new JsonObject(properties));
        JsonObject closed = schema.with("additionalProperties", false);
        return required.isEmpty() ? closed : closed.with("required", strings(required));
    }

    private void members(Class<?> type, Map<String, JsonValue> properties, List<String> required) {
        Javadoc javadoc = Javadoc.of(type);
        for (RecordComponent component : type.getRecordComponents()) {
            if (component.isAnnotationPresent(Flat.class)) {
                members(component.getType(), properties, required);
                continue;
            }
            Named renamed = component.getAnnotation(Named.class);
            String name = renamed == null ? component.getName() : renamed.value();
            properties.put(name, property(type, component, javadoc));
            if (isRequired(component)) {
                required.add(name);
            }
        }
    }

    private JsonObject property(Class<?> type, RecordComponent component, Javadoc javadoc) {
        Word word = component.getAnnotation(Word.class);
        JsonObject plain = of(component.getGenericType());
        JsonObject schema =
                described(word == null ? plain : either(word, plain), javadoc.component(component.getName()));
        List<String> values = VALUES.get(name(type) + "." + component.getName());
        if (values != null) {
            schema = schema.with("enum", strings(values));
        }
        Default fallback = component.getAnnotation(Default.class);
        return fallback == null ? schema : schema.with("default", Json.parse(fallback.value()));
    }

    private static JsonObject either(Word word, JsonObject number) {
        JsonObject text = simple("string").with("enum", strings(List.of(word.value())));
        return JsonObject.EMPTY.with("anyOf", new JsonArray(List.of(text, number)));
    }

    private static JsonObject described(JsonObject schema, String text) {
        return text.isEmpty() ? schema : schema.with("description", new JsonString(text));
    }

    private static @Nullable String discriminator(Class<?> type) {
        return Arrays.stream(type.getInterfaces())
                .filter(Class::isSealed)
                .map(parent -> parent.getAnnotation(Discriminator.class))
                .map(named -> named == null ? "type" : named.value())
                .findFirst()
                .orElse(null);
    }

    private JsonObject cases(Class<?> sealed) {
        List<JsonValue> cases = new ArrayList<>();
        for (Class<?> permitted : sealed.getPermittedSubclasses()) {
            cases.add(of(permitted));
        }
        return JsonObject.EMPTY.with("oneOf", new JsonArray(cases));
    }

    /**
     * As answers are: nullable, lists, maps and booleans may be missing. Requests may also leave out what has a
     * default.
     */
    private static boolean isRequired(RecordComponent component) {
        Class<?> type = component.getType();
        return !component.getAnnotatedType().isAnnotationPresent(Nullable.class)
                && type != List.class
                && type != Map.class
                && type != boolean.class;
    }

    private static String name(Class<?> type) {
        Class<?> outer = type.getEnclosingClass();
        boolean ours = outer != null && outer.isRecord();
        return ours ? name(outer) + "." + type.getSimpleName() : type.getSimpleName();
    }

    static JsonObject simple(String type) {
        return JsonObject.EMPTY.with("type", type);
    }

    static JsonArray strings(List<String> texts) {
        return new JsonArray(texts.stream().<JsonValue>map(JsonString::new).toList());
    }
}
