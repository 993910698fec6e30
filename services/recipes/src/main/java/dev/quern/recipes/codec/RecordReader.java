package dev.quern.recipes.codec;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * JSON to values, by the type that is wanted; continues after an error, so that all errors of a document are reported
 * together.
 */
final class RecordReader {
    private static final int MOST_VIOLATIONS = 100;
    private static final int LONGEST_NAME = 200;

    private final ErrorCode code;
    private final List<Violation> violations = new ArrayList<>();

    RecordReader(ErrorCode code) {
        this.code = code;
    }

    /** Where a value stands. */
    private record Place(String path, String pointer) {
        static final Place ROOT = new Place("", "");

        /** A name that is no name of ours may be of any length; enough of it is shown to find it. */
        Place member(String full) {
            String name = full.length() <= LONGEST_NAME ? full : full.substring(0, LONGEST_NAME) + "…";
            String escaped = name.replace("~", "~0").replace("/", "~1");
            return new Place(path.isEmpty() ? name : path + "." + name, pointer + "/" + escaped);
        }

        /** A violation of a document that stands here. */
        Violation around(Violation within) {
            return new Violation(
                    pointer + within.pointer(), path.isEmpty() ? within.message() : path + "." + within.message());
        }

        Place element(int index) {
            return new Place(path + "[" + index + "]", pointer + "/" + index);
        }
    }

    Object document(JsonValue value, Type type) {
        Object result = value(value, type, Place.ROOT);
        if (!violations.isEmpty() || result == null) {
            throw refusal();
        }
        return result;
    }

    private QuernException refusal() {
        return new QuernException(code, violations.getFirst().message(), violations);
    }

    /** Null after an error. */
    private @Nullable Object value(JsonValue value, Type type, Place place) {
        return switch (type) {
            case ParameterizedType generic -> container(value, generic, place);
            // JSON's own types are records too, but stand for themselves.
            case Class<?> plain when JsonValue.class.isAssignableFrom(plain) -> scalar(value, plain, place);
            case Class<?> plain when plain.isRecord() -> record(value, plain, place);
            case Class<?> plain when Shapes.isSealedRecords(plain) -> sealed(value, plain, place);
            case Class<?> plain -> scalar(value, plain, place);
            default -> throw new IllegalArgumentException("type: " + type + " (expected: a class or a generic)");
        };
    }

    private @Nullable Object scalar(JsonValue value, Class<?> type, Place place) {
        try {
            return Scalars.read(value, type);
        } catch (Scalars.Mismatch e) {
            return refuse(place, Scalars.shown(value) + " (expected: " + e.expected() + ")");
        }
    }

    private @Nullable Object container(JsonValue value, ParameterizedType type, Place place) {
        Type[] arguments = type.getActualTypeArguments();
        if (type.getRawType() == List.class) {
            return list(value, arguments[0], place);
        }
        if (type.getRawType() == Map.class && arguments[0] == String.class) {
            return map(value, arguments[1], place);
        }
        throw new IllegalArgumentException("type: " + type + " (expected: List, or Map with String keys)");
    }

    private @Nullable Object list(JsonValue value, Type element, Place place) {
        if (!(value instanceof JsonArray(List<JsonValue> values))) {
            return refuse(place, Scalars.shown(value) + " (expected: an array)");
        }
        List<Object> result = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            Object read = value(values.get(i), element, place.element(i));
            if (read != null) {
                result.add(read);
            }
        }
        return List.copyOf(result);
    }

    private @Nullable Object map(JsonValue value, Type element, Place place) {
        if (!(value instanceof JsonObject(Map<String, JsonValue> members))) {
            return refuse(place, Scalars.shown(value) + " (expected: an object)");
        }
        Map<String, Object> result = new LinkedHashMap<>();
        members.forEach((name, member) -> {
            Object read = value(member, element, place.member(name));
            if (!Scalars.isText(name)) {
                refuse(place.member(name), "a name of no text (expected: " + Scalars.TEXT + ")");
            }
            if (read != null) {
                result.put(name, read);
            }
        });
        return Collections.unmodifiableMap(result);
    }

    /** A record of a sealed interface says which it is, also where only this one can stand. */
    private @Nullable Object record(JsonValue value, Class<?> type, Place place) {
        Class<?> parent = Shapes.sealedParent(type);
        if (parent == null || !(value instanceof JsonObject object)) {
            return structure(value, type, place, null);
        }
        String discriminator = Shapes.discriminator(parent);
        JsonValue found = object.get(discriminator);
        String expected = Shapes.caseName(type);
        if (found != null && !found.equals(new JsonString(expected))) {
            return refuse(place.member(discriminator), Scalars.shown(found) + " (expected: " + expected + ")");
        }
        return structure(object.without(discriminator), type, place, discriminator);
    }

    private @Nullable Object sealed(JsonValue value, Class<?> type, Place place) {
        if (!(value instanceof JsonObject object)) {
            return refuse(place, Scalars.shown(value) + " (expected: an object)");
        }
        String discriminator = Shapes.discriminator(type);
        JsonValue name = object.get(discriminator);
        for (Class<?> candidate : Shapes.cases(type)) {
            if (name instanceof JsonString(String text) && text.equals(Shapes.caseName(candidate))) {
                return structure(object.without(discriminator), candidate, place, discriminator);
            }
        }
        String expected = String.join(
                ", ", Shapes.cases(type).stream().map(Shapes::caseName).toList());
        String found = name == null ? "missing" : Scalars.shown(name);
        return refuse(place.member(discriminator), found + " (expected one of: " + expected + ")");
    }

    private @Nullable Object structure(JsonValue value, Class<?> type, Place place, @Nullable String discriminator) {
        if (!(value instanceof JsonObject written)) {
            return refuse(place, Scalars.shown(value) + " (expected: an object)");
        }
        int before = violations.size();
        JsonObject object = completed(written, type, place);
        RecordComponent[] components = type.getRecordComponents();
        refuseUnknown(checkVersion(object, type, place), type, place, discriminator);
        @Nullable Object[] arguments = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            arguments[i] = component(object, components[i], place);
        }
        return violations.size() > before ? null : construct(type, components, arguments, place);
    }

    /** The object as it is where its completion fails. */
    private JsonObject completed(JsonObject object, Class<?> type, Place place) {
        try {
            return Shapes.complete(type, object);
        } catch (QuernException e) {
            e.violations().forEach(found -> violations.add(place.around(found)));
            return object;
        }
    }

    /** The object without {@code apiVersion}, where the type has one. */
    private JsonObject checkVersion(JsonObject object, Class<?> type, Place place) {
        String version = Shapes.apiVersion(type);
        JsonValue found = object.get(ApiVersion.MEMBER);
        if (version == null || found == null) {
            return object;
        }
        if (!found.equals(new JsonString(version))) {
            refuse(place.member(ApiVersion.MEMBER), Scalars.shown(found) + " (expected: " + version + ")");
        }
        return object.without(ApiVersion.MEMBER);
    }

    private void refuseUnknown(JsonObject object, Class<?> type, Place place, @Nullable String discriminator) {
        Set<String> known = Shapes.memberNames(type);
        if (discriminator != null) {
            known.add(discriminator);
        }
        for (String name : object.members().keySet()) {
            if (!known.contains(name)) {
                refuse(place.member(name), "unknown field (expected one of: " + String.join(", ", known) + ")");
            }
        }
    }

    private @Nullable Object component(JsonObject object, RecordComponent component, Place place) {
        if (Shapes.isFlat(component)) {
            return structure(flat(object, component.getType()), component.getType(), place, null);
        }
        String name = Shapes.memberName(component);
        Place member = place.member(name);
        JsonValue value = object.get(name);
        boolean nullable = Shapes.isNullable(component);
        if (value instanceof JsonNull && nullable) {
            return null;
        }
        Default fallback = component.getAnnotation(Default.class);
        if (value == null && fallback != null) {
            value = Json.parse(fallback.value());
        }
        if (value != null) {
            Word word = component.getAnnotation(Word.class);
            return word == null
                    ? value(value, component.getGenericType(), member)
                    : word(value, word, component.getType(), member);
        }
        return nullable ? null : missing(component.getType(), member);
    }

    /** The members of an object that belong to a record in it. */
    private static JsonObject flat(JsonObject object, Class<?> type) {
        Map<String, JsonValue> members = new LinkedHashMap<>(object.members());
        members.keySet().retainAll(Shapes.memberNames(type));
        return new JsonObject(members);
    }

    private @Nullable Object word(JsonValue value, Word word, Class<?> type, Place place) {
        if (value.equals(new JsonString(word.value()))) {
            return type == int.class ? (Object) word.means() : (Object) Double.NaN;
        }
        try {
            Object number = Scalars.read(value, type);
            if (!number.equals(word.means())) {
                return number;
            }
        } catch (Scalars.Mismatch e) {
            // Refused like the number that the word stands for.
        }
        return refuse(
                place, Scalars.shown(value) + " (expected: " + Scalars.expectation(type) + " or " + word.value() + ")");
    }

    private @Nullable Object missing(Class<?> type, Place place) {
        if (type == List.class) {
            return List.of();
        }
        if (type == Map.class) {
            return Map.of();
        }
        return refuse(place, "missing (expected: " + Scalars.expectation(type) + ")");
    }

    private @Nullable Object construct(
            Class<?> type, RecordComponent[] components, @Nullable Object[] arguments, Place place) {
        try {
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(arguments);
        } catch (InvocationTargetException e) {
            Throwable cause = e.getCause();
            if (cause instanceof QuernException || cause instanceof IllegalArgumentException) {
                return add(ofRecord(String.valueOf(cause.getMessage()), components, place));
            }
            throw new IllegalStateException(type.getName(), cause);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type.getName(), e);
        }
    }

    /** A record names its value as {@code grid.bits: …}; the last part of the name says which component is meant. */
    private static Violation ofRecord(String message, RecordComponent[] components, Place place) {
        String path = message.substring(0, Math.max(0, message.indexOf(": ")));
        String last = path.substring(path.lastIndexOf('.') + 1);
        boolean known =
                Arrays.stream(components).anyMatch(c -> Shapes.memberName(c).equals(last));
        return new Violation(known ? place.member(last).pointer() : place.pointer(), message);
    }

    private @Nullable Object refuse(Place place, String message) {
        return add(new Violation(place.pointer(), place.path().isEmpty() ? message : place.path() + ": " + message));
    }

    /** Nobody reads more than these, and each may be larger than the value it is about. */
    private @Nullable Object add(Violation violation) {
        violations.add(violation);
        if (violations.size() == MOST_VIOLATIONS) {
            throw refusal();
        }
        return null;
    }
}
