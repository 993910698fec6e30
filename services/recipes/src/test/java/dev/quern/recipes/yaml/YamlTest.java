package dev.quern.recipes.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonNull;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YamlTest {
    @Test
    void mapsListsAndScalars() {
        String yaml = """
                ---
                # a comment
                name: gptq # another
                "quoted key": 'it''s'
                grid:
                    bits: 4
                    none:
                    flags: [true, false, ~, "a, b", 1e-3]
                    empty: {}
                list:
                - a
                -   b: 1
                    c: {d: x y, 'e': [1, [2]]}
                -
                    - http://x/#y
                    - "#no # comment"
                last: "tab\\t\\u00e9"
                """;
        assertThat(Json.write(Yaml.parse(yaml)))
                .isEqualTo("{\"name\":\"gptq\",\"quoted key\":\"it's\","
                        + "\"grid\":{\"bits\":4,\"none\":null,\"flags\":[true,false,null,\"a, b\",1e-3],\"empty\":{}},"
                        + "\"list\":[\"a\",{\"b\":1,\"c\":{\"d\":\"x y\",\"e\":[1,[2]]}},[\"http://x/#y\",\"#no # comment\"]],"
                        + "\"last\":\"tab\\té\"}");
    }

    @ParameterizedTest
    @CsvSource({"yes, \"yes\"", "0x10, \"0x10\"", "012, \"012\"", ".5, \".5\"", "-4, -4", "1.5e3, 1.5e3", "null, null"})
    void onlyJsonsWordsAndNumbersAreNotStrings(String text, String json) {
        assertThat(Json.write(Yaml.parse(text))).isEqualTo(json);
    }

    @Test
    void jsonIsYaml() {
        String json = "{\"a\": [1, \"x\"], \"b\": {\"c\": null}}";
        assertThat(Yaml.parse(json)).isEqualTo(Json.parse(json));
        assertThat(Yaml.parse("# nothing\n")).isEqualTo(JsonNull.NULL);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            quoteCharacter = '~',
            value = {
                "a: &x 1          @ line 1, column 4: an anchor: '&x 1' (expected: a plain or quoted value)",
                "a: *x            @ line 1, column 4: an alias: '*x' (expected: a plain or quoted value)",
                "a: !!int 1       @ line 1, column 4: a tag: '!!int 1' (expected: a plain or quoted value)",
                "a: |             @ line 1, column 4: a block scalar: '|' (expected: a plain or quoted value)",
                "<<: {}           @ line 1, column 1: '<<' (expected: a plain key)",
                "? a              @ line 1, column 1: a complex key: '? a' (expected: a plain or quoted value)",
                "a: 1;---;b: 2    @ line 2, column 1: a second document (expected: one)",
                "%YAML 1.2        @ line 1, column 1: a directive (expected: none)",
                "a: 1;a: 2        @ line 2, column 1: duplicate key \"a\"",
                "a: {b: 1, b: 2}  @ line 1, column 11: duplicate key \"b\"",
                "a: 1;>b: 2       @ line 2, column 2: tab (expected: spaces)",
                "a: 1;   b: 2     @ line 2, column 4: unexpected indentation (expected: that of the lines above)",
                "a:;    b: 1;  c: 2 @ line 3, column 3: unexpected indentation (expected: that of the lines above)",
                "a: 1;b           @ line 2, column 1: 'b' (expected: key: value)",
                "a: [1, 2         @ line 1, column 9: end of value (expected: ',' or ']')",
                "a: b: c          @ line 1, column 5: ': ' inside a value (expected: quotes around it)",
                "a: \"x            @ line 1, column 4: unfinished string",
                "a: 'x            @ line 1, column 4: unfinished string",
                "a: \"x\" y        @ line 1, column 8: text after the value: 'y'",
                "a: \"\\x41\"      @ line 1, column 4: string \"\\x41\" (expected: JSON's escapes only)"
            })
    void theRestIsRefusedByName(String yaml, String message) {
        String text = yaml.replace(';', '\n').replace("\n>", "\n \t");
        assertThatThrownBy(() -> Yaml.parse(text))
                .isInstanceOf(JsonException.class)
                .hasMessage(message);
    }

    @Test
    void sizeAndDepthAreBounded() {
        assertThatThrownBy(() -> Yaml.parse("#".repeat(Yaml.MAX_SIZE + 1))).hasMessageContaining("(expected: at most");
        assertThatThrownBy(() -> Yaml.parse("- ".repeat(70) + "a"))
                .hasMessageContaining("nested deeper than 64 levels");
        assertThatThrownBy(() -> Yaml.parse("[".repeat(10_000))).hasMessageContaining("nested deeper than 16 levels");
    }
}
