package dev.quern.recipes.json;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** One way to lay JSON out. Text beyond ASCII is kept; lone surrogates, which UTF-8 cannot hold, are escaped. */
final class JsonWriter {
    private final boolean pretty;
    private final boolean canonical;
    private final StringBuilder out = new StringBuilder();

    private JsonWriter(boolean pretty, boolean canonical) {
        this.pretty = pretty;
        this.canonical = canonical;
    }

    static JsonWriter compact() {
        return new JsonWriter(false, false);
    }

    static JsonWriter pretty() {
        return new JsonWriter(true, false);
    }

    static JsonWriter canonical() {
        return new JsonWriter(false, true);
    }

    String write(JsonValue value) {
        value(value, 0);
        return out.toString();
    }

    private void value(JsonValue value, int depth) {
        switch (value) {
            case JsonObject object -> object(object, depth);
            case JsonArray array -> array(array, depth);
            case JsonString(String text) -> string(text);
            case JsonNumber number -> out.append(canonical ? normalised(number) : number.text());
            case JsonBool(boolean truth) -> out.append(truth);
            case JsonNull _ -> out.append("null");
        }
    }

    private void object(JsonObject object, int depth) {
        if (object.members().isEmpty()) {
            out.append("{}");
            return;
        }
        char separator = '{';
        for (Map.Entry<String, JsonValue> member : ordered(object)) {
            out.append(separator);
            newLine(depth + 1);
            string(member.getKey());
            out.append(pretty ? ": " : ":");
            value(member.getValue(), depth + 1);
            separator = ',';
        }
        newLine(depth);
        out.append('}');
    }

    private List<Map.Entry<String, JsonValue>> ordered(JsonObject object) {
        var members = object.members().entrySet().stream();
        return canonical
                ? members.sorted(Comparator.comparing(Map.Entry::getKey)).toList()
                : members.toList();
    }

    private void array(JsonArray array, int depth) {
        if (array.values().isEmpty()) {
            out.append("[]");
            return;
        }
        char separator = '[';
        for (JsonValue element : array.values()) {
            out.append(separator);
            newLine(depth + 1);
            value(element, depth + 1);
            separator = ',';
        }
        newLine(depth);
        out.append(']');
    }

    private void newLine(int depth) {
        if (pretty) {
            out.append('\n').repeat("  ", depth);
        }
    }

    private void string(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20 || isLoneSurrogate(text, i)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean isLoneSurrogate(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        return Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
    }

    private static String normalised(JsonNumber number) {
        double value = number.doubleValue();
        if (number.isLong()) {
            return Long.toString(number.longValue());
        }
        return Double.isFinite(value) ? JsonNumber.of(value).text() : number.text();
    }
}
