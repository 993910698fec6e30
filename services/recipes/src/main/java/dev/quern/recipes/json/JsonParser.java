package dev.quern.recipes.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Recursive descent over a string; depth is bounded, so is the stack. */
final class JsonParser {
    private static final int MAX_DEPTH = 64;

    private final String text;
    private final int maxValues;
    private int values;
    private int at;

    JsonParser(String text, int maxValues) {
        this.text = text;
        this.maxValues = maxValues;
    }

    JsonValue document() {
        skipSpace();
        JsonValue value = value(1);
        skipSpace();
        if (at < text.length()) {
            throw error("text after the end of the document: '" + shown(text.charAt(at)) + "'");
        }
        return value;
    }

    private JsonValue value(int depth) {
        if (depth > MAX_DEPTH) {
            throw error("nested deeper than " + MAX_DEPTH + " levels");
        }
        if (++values > maxValues) {
            throw error("more than " + maxValues + " values (expected: fewer)");
        }
        return switch (peek("a value")) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> new JsonString(string());
            case 't' -> literal("true", JsonBool.TRUE);
            case 'f' -> literal("false", JsonBool.FALSE);
            case 'n' -> literal("null", JsonNull.NULL);
            default -> number();
        };
    }

    private JsonObject object(int depth) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        at++;
        skipSpace();
        if (peek("a member or '}'") == '}') {
            at++;
            return new JsonObject(members);
        }
        do {
            skipSpace();
            member(members, depth);
        } while (more('}'));
        return new JsonObject(members);
    }

    private void member(Map<String, JsonValue> members, int depth) {
        int start = at;
        if (peek("a member name") != '"') {
            throw error("'" + shown(text.charAt(at)) + "' (expected: a member name in double quotes)");
        }
        String name = string();
        if (members.containsKey(name)) {
            at = start;
            throw error("duplicate member \"" + name + "\"");
        }
        skipSpace();
        if (peek("':'") != ':') {
            throw error("'" + shown(text.charAt(at)) + "' (expected: ':')");
        }
        at++;
        skipSpace();
        members.put(name, value(depth + 1));
    }

    private JsonArray array(int depth) {
        List<JsonValue> values = new ArrayList<>();
        at++;
        skipSpace();
        if (peek("a value or ']'") == ']') {
            at++;
            return new JsonArray(values);
        }
        do {
            skipSpace();
            values.add(value(depth + 1));
        } while (more(']'));
        return new JsonArray(values);
    }

    /** After an element: true at a comma, false at the closing bracket. */
    private boolean more(char close) {
        skipSpace();
        char c = peek("',' or '" + close + "'");
        if (c != ',' && c != close) {
            throw error("'" + shown(c) + "' (expected: ',' or '" + close + "')");
        }
        at++;
        return c == ',';
    }

    private String string() {
        int start = ++at;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '"') {
                return text.substring(start, at++);
            }
            if (c == '\\') {
                return escapedString(start);
            }
            refuseControl(c);
            at++;
        }
        throw error("unfinished string");
    }

    /** From the first backslash on. */
    private String escapedString(int start) {
        StringBuilder value = new StringBuilder(text.substring(start, at));
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return value.toString();
            }
            if (c == '\\') {
                value.append(escape());
            } else {
                at--;
                refuseControl(c);
                at++;
                value.append(c);
            }
        }
        throw error("unfinished string");
    }

    private char escape() {
        char c = peek("an escape");
        at++;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> {
                at--;
                throw error("unknown escape '\\" + shown(c) + "'");
            }
        };
    }

    private char unicode() {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = Character.digit(peek("four hexadecimal digits"), 16);
            if (digit < 0 || text.charAt(at) > 'f') {
                throw error("'" + shown(text.charAt(at)) + "' (expected: four hexadecimal digits)");
            }
            value = value << 4 | digit;
            at++;
        }
        return (char) value;
    }

    private JsonNumber number() {
        int start = at;
        while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(start, at);
        if (!JsonNumber.isNumber(digits)) {
            at = start;
            throw error("'" + (digits.isEmpty() ? shown(text.charAt(start)) : digits) + "' (expected: a value)");
        }
        return new JsonNumber(digits);
    }

    private JsonValue literal(String word, JsonValue value) {
        if (!text.startsWith(word, at)) {
            throw error("'" + shown(text.charAt(at)) + "' (expected: a value)");
        }
        at += word.length();
        return value;
    }

    private void refuseControl(char c) {
        if (c < 0x20) {
            throw error("control character " + shown(c) + " in a string (expected: an escape)");
        }
    }

    private void skipSpace() {
        while (at < text.length() && " \n\r\t".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek(String expected) {
        if (at >= text.length()) {
            throw error("end of text (expected: " + expected + ")");
        }
        return text.charAt(at);
    }

    private static String shown(char c) {
        return c < 0x20 || c > 0x7e ? String.format("U+%04X", (int) c) : String.valueOf(c);
    }

    private JsonException error(String message) {
        int line = 1;
        int lineStart = 0;
        for (int i = 0; i < at; i++) {
            if (text.charAt(i) == '\n') {
                line++;
                lineStart = i + 1;
            }
        }
        return new JsonException(line, at - lineStart + 1, message);
    }
}
