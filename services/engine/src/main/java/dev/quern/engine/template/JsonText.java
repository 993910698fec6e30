package dev.quern.engine.template;

import dev.quern.engine.template.value.Budget;
import dev.quern.engine.template.value.Given;
import dev.quern.engine.template.value.None;
import dev.quern.engine.template.value.TemplateException;
import dev.quern.engine.template.value.Values;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * JSON as Python's json.dumps writes it.
 *
 * @param indent blanks for each level; negative is all on one line
 * @param between what stands between items
 * @param colon what stands between a key and its value
 * @param ascii whether to escape everything else
 */
record JsonText(int indent, String between, String colon, boolean ascii, boolean sorted, StringBuilder text) {
    private static final int MAX_INDENT = 64;

    JsonText {
        if (indent > MAX_INDENT) {
            throw new TemplateException("indent: " + indent + " (expected: at most " + MAX_INDENT + ")");
        }
    }

    /** With the parameters of the filter {@code tojson} of transformers. */
    static String of(Object value, Given arguments) {
        Given given = arguments.bound("ensure_ascii", "indent", "separators", "sort_keys");
        int indent = Math.toIntExact(given.integer("indent", -1));
        String between = indent < 0 ? ", " : ",";
        String colon = ": ";
        if (given.or("separators", None.NONE) instanceof List<?> separators && separators.size() == 2) {
            between = Values.text(separators.get(0));
            colon = Values.text(separators.get(1));
        }
        JsonText json = new JsonText(
                indent, between, colon, given.flag("ensure_ascii"), given.flag("sort_keys"), new StringBuilder());
        json.write(value, 1);
        return json.text.toString();
    }

    private void write(Object value, int level) {
        switch (value) {
            case String string -> writeString(string);
            case Map<?, ?> map -> writeMap(map, level);
            case List<?> list -> writeList(list, level);
            default -> text.append(scalar(value));
        }
    }

    private static String scalar(Object value) {
        return switch (value) {
            case Boolean truth -> truth.toString();
            case Long number -> number.toString();
            case Double number -> number(number);
            case None none -> "null";
            default -> throw new TemplateException("tojson: " + Values.kind(value) + " (expected: plain values)");
        };
    }

    private static String number(double value) {
        if (Double.isFinite(value)) {
            return Values.decimal(value);
        }
        return Double.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    }

    private void writeMap(Map<?, ?> map, int level) {
        List<?> keys = List.copyOf(map.keySet());
        if (sorted) {
            keys = keys.stream().sorted(Values::compare).toList();
        }
        text.append('{');
        for (int i = 0; i < keys.size(); i++) {
            separate(i, level);
            Object key = keys.get(i);
            writeString(key instanceof String string ? string : scalar(key));
            text.append(colon);
            Object value = map.get(key);
            write(value == null ? None.NONE : value, level + 1);
        }
        end(keys.isEmpty(), level, '}');
    }

    private void writeList(List<?> list, int level) {
        text.append('[');
        for (int i = 0; i < list.size(); i++) {
            separate(i, level);
            write(list.get(i), level + 1);
        }
        end(list.isEmpty(), level, ']');
    }

    private void separate(int item, int level) {
        Budget.requireShort(text);
        text.append(item == 0 ? "" : between);
        newline(level);
    }

    private void end(boolean empty, int level, char bracket) {
        if (!empty) {
            newline(level - 1);
        }
        text.append(bracket);
    }

    private void newline(int level) {
        if (indent >= 0) {
            text.append('\n').repeat(" ", indent * level);
        }
    }

    private void writeString(String string) {
        text.append('"');
        IntStream characters = string.chars();
        characters.forEach(c -> {
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\b' -> text.append("\\b");
                case '\f' -> text.append("\\f");
                default -> {
                    if (c < ' ' || (ascii && c > '~')) {
                        text.append("\\u%04x".formatted(c));
                    } else {
                        text.append((char) c);
                    }
                }
            }
        });
        text.append('"');
    }
}
