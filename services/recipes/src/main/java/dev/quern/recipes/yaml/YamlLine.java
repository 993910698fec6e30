package dev.quern.recipes.yaml;

import dev.quern.recipes.json.JsonException;
import java.util.ArrayList;
import java.util.List;

/**
 * A line with content.
 *
 * @param number from 1
 * @param indent spaces before the text
 * @param text without comment and surrounding spaces
 */
record YamlLine(int number, int indent, String text) {
    /** The lines of a document that say something. */
    static List<YamlLine> of(String text) {
        List<YamlLine> lines = new ArrayList<>();
        String[] raw = text.split("\r?\n", -1);
        for (int i = 0; i < raw.length; i++) {
            YamlLine line = of(i + 1, raw[i]);
            boolean start = line.text.equals("---") && line.indent == 0 && lines.isEmpty();
            if (!line.text.isEmpty() && !start) {
                line.refuseUnsupported();
                lines.add(line);
            }
        }
        return lines;
    }

    private static YamlLine of(int number, String raw) {
        int tab = raw.indexOf('\t');
        if (tab >= 0) {
            throw new JsonException(number, tab + 1, "tab (expected: spaces)");
        }
        String content = raw.substring(0, endOfContent(raw)).stripTrailing();
        int indent = content.length() - content.stripLeading().length();
        return new YamlLine(number, indent, content.strip());
    }

    /** Where a comment begins: at a # outside quotes, at the start or after a space. */
    private static int endOfContent(String raw) {
        char quote = 0;
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            boolean starts = i == 0 || " [{,:-".indexOf(raw.charAt(i - 1)) >= 0;
            if (quote == '"' && c == '\\') {
                i++;
            } else if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if ((c == '"' || c == '\'') && starts) {
                quote = c;
            } else if (c == '#' && (i == 0 || raw.charAt(i - 1) == ' ')) {
                return i;
            }
        }
        return raw.length();
    }

    private void refuseUnsupported() {
        if (indent == 0 && (text.equals("---") || text.startsWith("--- ") || text.equals("..."))) {
            throw error(0, "a second document (expected: one)");
        }
        if (indent == 0 && text.startsWith("%")) {
            throw error(0, "a directive (expected: none)");
        }
    }

    /** The same line from a later character on, as a line of its own. */
    YamlLine from(int offset) {
        String rest = text.substring(offset);
        int spaces = rest.length() - rest.stripLeading().length();
        return new YamlLine(number, indent + offset + spaces, rest.strip());
    }

    boolean isListItem() {
        return text.equals("-") || text.startsWith("- ");
    }

    JsonException error(int offset, String message) {
        return new JsonException(number, indent + offset + 1, message);
    }
}
