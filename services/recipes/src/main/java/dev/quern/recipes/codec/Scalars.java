package dev.quern.recipes.codec;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values without members of their own, from JSON. */
final class Scalars {
    private static final int SHOWN = 80;

    static final String TEXT = "a string without NUL and halves of surrogate pairs";

    private Scalars() {}

    /** What databases, files and UTF-8 can hold, which JSON's escapes go beyond. */
    static boolean isText(String text) {
        return text.codePoints()
                .noneMatch(c -> c == 0 || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE));
    }

    /** The value is not of the wanted type. */
    static final class Mismatch extends Exception {
        private static final long serialVersionUID = 1L;

        private final String expected;

        Mismatch(String expected) {
            super(expected, null, false, false);
            this.expected = expected;
        }

        String expected() {
            return expected;
        }
    }

    static Object read(JsonValue value, Class<?> type) throws Mismatch {
        Object result = switch (value) {
            case JsonString(String text) -> ofText(text, type);
            case JsonNumber number -> ofNumber(number, type);
            case JsonBool(boolean truth) when accepts(type, boolean.class, Boolean.class) -> truth;
            default -> null;
        };
        if (result == null && JsonValue.class.isAssignableFrom(type) && type.isInstance(value)) {
            return value;
        }
        if (result == null && type == Object.class) {
            result = plain(value);
        }
        if (result == null) {
            boolean text = type == String.class && value instanceof JsonString;
            throw new Mismatch(text ? TEXT : expectation(type));
        }
        return result;
    }

    private static boolean accepts(Class<?> type, Class<?> primitive, Class<?> boxed) {
        return type == primitive || type == boxed;
    }

    private static @Nullable Object ofText(String text, Class<?> type) {
        if (type == String.class) {
            return isText(text) ? text : null;
        }
        if (type == Instant.class) {
            return instant(text);
        }
        return Arrays.stream(constants(type))
                .filter(constant -> Shapes.constant(constant).equals(text))
                .findFirst()
                .orElse(null);
    }

    private static @Nullable Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static @Nullable Object ofNumber(JsonNumber number, Class<?> type) {
        if (accepts(type, double.class, Double.class)) {
            double value = number.doubleValue();
            return Double.isFinite(value) ? (Double) value : null;
        }
        if (accepts(type, float.class, Float.class)) {
            float value = Float.parseFloat(number.text());
            return Float.isFinite(value) ? (Float) value : null;
        }
        if (!number.isLong()) {
            return null;
        }
        long value = number.longValue();
        if (accepts(type, long.class, Long.class)) {
            return value;
        }
        return accepts(type, int.class, Integer.class) && value == (int) value ? (Integer) (int) value : null;
    }

    /** Strings, Long, Double, Boolean, List and Map; null for null. */
    static @Nullable Object plain(JsonValue value) {
        return switch (value) {
            case JsonString(String text) -> text;
            case JsonBool(boolean truth) -> truth;
            case JsonNumber number -> number.isLong() ? (Object) number.longValue() : (Object) number.doubleValue();
            case JsonNull _ -> null;
            case JsonArray(List<JsonValue> values) -> {
                List<@Nullable Object> list = new ArrayList<>();
                values.forEach(element -> list.add(plain(element)));
                yield list;
            }
            case JsonObject(Map<String, JsonValue> members) -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                members.forEach((name, member) -> map.put(name, plain(member)));
                yield map;
            }
        };
    }

    static String expectation(Class<?> type) {
        if (accepts(type, int.class, Integer.class) || accepts(type, long.class, Long.class)) {
            return "a whole number";
        }
        if (accepts(type, double.class, Double.class) || accepts(type, float.class, Float.class)) {
            return "a number";
        }
        if (accepts(type, boolean.class, Boolean.class)) {
            return "true or false";
        }
        if (type == Instant.class) {
            return "a time such as 2026-01-31T12:00:00Z";
        }
        if (type.isEnum()) {
            return String.join(
                    " or ", Arrays.stream(constants(type)).map(Shapes::constant).toList());
        }
        return type == String.class ? "a string" : "an object";
    }

    private static Enum<?>[] constants(Class<?> type) {
        return type.isEnum() ? (Enum<?>[]) type.getEnumConstants() : new Enum<?>[0];
    }

    /** A value as messages show it, shortened. */
    static String shown(JsonValue value) {
        String text = value instanceof JsonString(String s) ? s : Json.write(value);
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }
}
