package dev.quern.recipes.yaml;

import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Maps and lists by indentation. */
final class YamlBlocks {
    private static final int MAX_DEPTH = 64;

    private final List<YamlLine> lines;
    private int at;

    YamlBlocks(List<YamlLine> lines) {
        this.lines = new ArrayList<>(lines);
    }

    JsonValue document() {
        if (lines.isEmpty()) {
            return JsonNull.NULL;
        }
        JsonValue value = node(1);
        if (at < lines.size()) {
            throw lines.get(at).error(0, "unexpected indentation (expected: that of the lines above)");
        }
        return value;
    }

    /** The value that begins at the current line. */
    private JsonValue node(int depth) {
        YamlLine line = lines.get(at);
        if (depth > MAX_DEPTH) {
            throw line.error(0, "nested deeper than " + MAX_DEPTH + " levels");
        }
        if (line.isListItem()) {
            return list(line.indent(), depth);
        }
        if (YamlFlow.endOfKey(line) >= 0) {
            return map(line.indent(), depth);
        }
        at++;
        return YamlFlow.value(line);
    }

    private JsonObject map(int indent, int depth) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        while (at < lines.size() && lines.get(at).indent() == indent) {
            YamlLine line = lines.get(at);
            int end = line.isListItem() ? -1 : YamlFlow.endOfKey(line);
            if (end < 0) {
                throw line.error(0, "'" + line.text() + "' (expected: key: value)");
            }
            String key = YamlFlow.key(line, end);
            if (members.containsKey(key)) {
                throw line.error(0, "duplicate key \"" + key + "\"");
            }
            at++;
            YamlLine rest = line.from(end + 1);
            members.put(key, rest.text().isEmpty() ? nested(indent, true, depth) : YamlFlow.value(rest));
        }
        return new JsonObject(members);
    }

    private JsonArray list(int indent, int depth) {
        List<JsonValue> values = new ArrayList<>();
        while (at < lines.size()
                && lines.get(at).indent() == indent
                && lines.get(at).isListItem()) {
            YamlLine rest = lines.get(at).from(1);
            if (rest.text().isEmpty()) {
                at++;
                values.add(nested(indent, false, depth));
            } else {
                // What follows the dash keeps its column: a map that begins there continues below, at that column.
                lines.set(at, rest);
                values.add(node(depth + 1));
            }
        }
        return new JsonArray(values);
    }

    /** The deeper lines that follow, or null. The items of a map's list may stand at the map's own indentation. */
    private JsonValue nested(int indent, boolean ofMap, int depth) {
        if (at < lines.size()) {
            YamlLine next = lines.get(at);
            if (next.indent() > indent || (ofMap && next.indent() == indent && next.isListItem())) {
                return node(depth + 1);
            }
        }
        return JsonNull.NULL;
    }
}
