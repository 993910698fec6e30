package dev.quern.recipes.yaml;

import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonValue;

/**
 * The part of YAML 1.2 that configuration needs, read onto JSON values: block maps and lists, flow maps and lists on
 * one line, plain and quoted scalars, comments. Everything that can surprise is refused by name: anchors, aliases,
 * tags, several documents, tabs, block scalars, duplicate keys. Only {@code true}, {@code false}, {@code null},
 * {@code ~} and JSON's numbers are not strings.
 */
public final class Yaml {
    /** Characters of a document. */
    public static final int MAX_SIZE = 1 << 20;

    private Yaml() {}

    /** @throws JsonException with line and column */
    public static JsonValue parse(String text) {
        if (text.length() > MAX_SIZE) {
            throw new JsonException(1, 1, text.length() + " characters (expected: at most " + MAX_SIZE + ")");
        }
        return new YamlBlocks(YamlLine.of(text)).document();
    }
}
