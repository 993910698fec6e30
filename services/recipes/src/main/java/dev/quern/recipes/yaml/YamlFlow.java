package dev.quern.recipes.yaml;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values on one line: scalars, {@code [a, b]}, {@code {a: 1}}. */
final class YamlFlow {
    private static final int MAX_DEPTH = 16;

    private final YamlLine line;
    private final String text;
    private int at;

    private YamlFlow(YamlLine line) {
        this.line = line;
        this.text = line.text();
    }

    static JsonValue value(YamlLine line) {
        YamlFlow flow = new YamlFlow(line);
        JsonValue value = flow.value("", 1);
        flow.skipSpaces();
        if (flow.at < flow.text.length()) {
            throw flow.error("text after the value: '" + flow.text.substring(flow.at) + "'");
        }
        return value;
    }

    /** The colon of a line {@code key: value}, or -1. */
    static int endOfKey(YamlLine line) {
        YamlFlow flow = new YamlFlow(line);
        char first = line.text().charAt(0);
        if (first == '[' || first == '{') {
            return -1;
        }
        if (first == '"' || first == '\'') {
            flow.quoted();
            return flow.colonHere() ? flow.at : -1;
        }
        for (flow.at = 0; flow.at < flow.text.length(); flow.at++) {
            if (flow.colonHere()) {
                return flow.at;
            }
        }
        return -1;
    }

    static String key(YamlLine line, int end) {
        YamlFlow flow = new YamlFlow(line);
        char first = line.text().charAt(0);
        if (first == '"' || first == '\'') {
            return flow.quoted();
        }
        flow.refuseIndicator();
        String key = line.text().substring(0, end).strip();
        if (key.equals("<<")) {
            throw flow.error("'" + key + "' (expected: a plain key)");
        }
        return key;
    }

    private boolean colonHere() {
        return at < text.length() && text.charAt(at) == ':' && (at + 1 == text.length() || text.charAt(at + 1) == ' ');
    }

    /** @param stops characters that end a plain scalar */
    private JsonValue value(String stops, int depth) {
        skipSpaces();
        if (depth > MAX_DEPTH) {
            throw error("nested deeper than " + MAX_DEPTH + " levels on one line");
        }
        if (at == text.length()) {
            return JsonNull.NULL;
        }
        return switch (text.charAt(at)) {
            case '[' -> list(depth);
            case '{' -> map(depth);
            case '"', '\'' -> new JsonString(quoted());
            default -> plain(stops);
        };
    }

    private JsonArray list(int depth) {
        List<JsonValue> values = new ArrayList<>();
        at++;
        while (!closes(']')) {
            values.add(value(",]", depth + 1));
            separator(']');
        }
        return new JsonArray(values);
    }

    private JsonObject map(int depth) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        at++;
        while (!closes('}')) {
            int start = at;
            String key = flowKey();
            if (members.containsKey(key)) {
                at = start;
                throw error("duplicate key \"" + key + "\"");
            }
            members.put(key, value(",}", depth + 1));
            separator('}');
        }
        return new JsonObject(members);
    }

    private String flowKey() {
        char first = text.charAt(at);
        int start = at;
        String key;
        if (first == '"' || first == '\'') {
            key = quoted();
        } else {
            refuseIndicator();
            while (at < text.length() && !colonHere() && ",{}[]".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            key = text.substring(start, at).strip();
        }
        if (!colonHere()) {
            throw error("'" + key + "' (expected: key: value)");
        }
        at++;
        return key;
    }

    /** Skips to the next element; true when the bracket closes there. */
    private boolean closes(char close) {
        skipSpaces();
        if (at == text.length()) {
            throw error("end of line (expected: '" + close + "')");
        }
        if (text.charAt(at) != close) {
            return false;
        }
        at++;
        return true;
    }

    private void separator(char close) {
        skipSpaces();
        if (at < text.length() && text.charAt(at) == ',') {
            at++;
        } else if (at == text.length() || text.charAt(at) != close) {
            throw error("end of value (expected: ',' or '" + close + "')");
        }
    }

    private String quoted() {
        return text.charAt(at) == '"' ? doubleQuoted() : singleQuoted();
    }

    /** With JSON's escapes. */
    private String doubleQuoted() {
        int end = at + 1;
        while (end < text.length() && text.charAt(end) != '"') {
            end += text.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= text.length()) {
            throw error("unfinished string");
        }
        String quoted = text.substring(at, end + 1);
        try {
            String value = ((JsonString) Json.parse(quoted)).value();
            at = end + 1;
            return value;
        } catch (JsonException e) {
            throw error("string " + quoted + " (expected: JSON's escapes only)");
        }
    }

    private String singleQuoted() {
        StringBuilder value = new StringBuilder();
        for (int i = at + 1; i < text.length(); i++) {
            if (text.charAt(i) != '\'') {
                value.append(text.charAt(i));
            } else if (i + 1 < text.length() && text.charAt(i + 1) == '\'') {
                value.append('\'');
                i++;
            } else {
                at = i + 1;
                return value.toString();
            }
        }
        throw error("unfinished string");
    }

    private JsonValue plain(String stops) {
        refuseIndicator();
        int start = at;
        while (at < text.length() && stops.indexOf(text.charAt(at)) < 0) {
            if (colonHere()) {
                throw error("': ' inside a value (expected: quotes around it)");
            }
            at++;
        }
        String value = text.substring(start, at).strip();
        return switch (value) {
            case "", "~", "null" -> JsonNull.NULL;
            case "true" -> JsonBool.TRUE;
            case "false" -> JsonBool.FALSE;
            default -> JsonNumber.isNumber(value) ? new JsonNumber(value) : new JsonString(value);
        };
    }

    private void refuseIndicator() {
        String refused = switch (text.charAt(at)) {
            case '&' -> "an anchor";
            case '*' -> "an alias";
            case '!' -> "a tag";
            case '|', '>' -> "a block scalar";
            case '@', '`', '%' -> "a reserved character";
            default -> text.startsWith("? ", at) ? "a complex key" : "";
        };
        if (!refused.isEmpty()) {
            throw error(refused + ": '" + text.substring(at) + "' (expected: a plain or quoted value)");
        }
    }

    private void skipSpaces() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
    }

    private JsonException error(String message) {
        return line.error(at, message);
    }
}
