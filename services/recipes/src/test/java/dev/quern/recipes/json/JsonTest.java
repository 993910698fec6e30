package dev.quern.recipes.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @Test
    void whatIsWrittenReadsBack() {
        JsonValue value = new JsonObject(Map.of(
                "text", new JsonString("tab\t, quote \", back\\slash, bell \u0007, Grüße, 😀"),
                "list", new JsonArray(List.of(JsonNull.NULL, JsonBool.TRUE, JsonNumber.of(1e-7), JsonObject.EMPTY)),
                "big", JsonNumber.of(Long.MAX_VALUE)));

        assertThat(Json.parse(Json.write(value))).isEqualTo(value);
        assertThat(Json.parse(Json.writePretty(value))).isEqualTo(value);
        assertThat(Json.parse(Json.canonical(value))).isEqualTo(value);
    }

    @Test
    void membersKeepTheirOrderAndNumbersTheirText() {
        String text = "{\"b\":1e-05,\"a\":[1.0,-0,12345678901234567890]}";
        assertThat(Json.write(Json.parse(text))).isEqualTo(text);
    }

    @Test
    void escapesAreRead() {
        assertThat(Json.parse("\"\\u0041\\n\\/\\ud83d\\ude00\"")).isEqualTo(new JsonString("A\n/😀"));
        assertThat(Json.write(new JsonString("\ud800"))).isEqualTo("\"\\ud800\"");
    }

    @Test
    void prettyTextIsPythons() {
        JsonValue value = Json.parse("{\"a\":[1,{\"b\":[]}],\"c\":{}}");
        assertThat(Json.writePretty(value)).isEqualTo("""
                {
                  "a": [
                    1,
                    {
                      "b": []
                    }
                  ],
                  "c": {}
                }""");
    }

    @Test
    void canonicalTextDoesNotDependOnOrderOrSpelling() {
        assertThat(Json.canonical(Json.parse("{\"b\": 1.50, \"a\": 1e2, \"c\": 0.00001}")))
                .isEqualTo(Json.canonical(Json.parse("{\"c\":1E-5,\"a\":100.0,\"b\":1.5}")))
                .isEqualTo("{\"a\":100,\"b\":1.5,\"c\":1e-5}");
    }

    @ParameterizedTest
    @CsvSource({"0.1, 0.1", "1.0, 1", "-0.0, 0", "1e21, 1e21", "1.5e-9, 1.5e-9", "1e22, 1e22", "123456.75, 123456.75"})
    void doublesAreShortest(double value, String text) {
        assertThat(JsonNumber.of(value).text()).isEqualTo(text);
        assertThat(JsonNumber.of(value).doubleValue()).isEqualTo(value + 0.0);
    }

    @Test
    void jsonHasNoNaN() {
        assertThatThrownBy(() -> JsonNumber.of(Double.NaN))
                .hasMessage("number: NaN (expected: finite, JSON has no other)");
    }

    @Test
    void longsAreExact() {
        assertThat(((JsonNumber) Json.parse("9007199254740993")).longValue()).isEqualTo(9007199254740993L);
        assertThat(new JsonNumber("1e3").longValue()).isEqualTo(1000);
        assertThat(new JsonNumber("1e999999999").isLong()).isFalse();
        assertThatThrownBy(() -> new JsonNumber("9223372036854775808").longValue())
                .isInstanceOf(ArithmeticException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"a\":1,\"a\":1}     | line 1, column 8: duplicate member \"a\"",
                "[1,]                  | line 1, column 4: ']' (expected: a value)",
                "{\"a\" 1}             | line 1, column 6: '1' (expected: ':')",
                "{a:1}                 | line 1, column 2: 'a' (expected: a member name in double quotes)",
                "[1 2]                 | line 1, column 4: '2' (expected: ',' or ']')",
                "01                    | line 1, column 1: '01' (expected: a value)",
                "NaN                   | line 1, column 1: 'N' (expected: a value)",
                "nul                   | line 1, column 1: 'n' (expected: a value)",
                "\"\\x\"               | line 1, column 3: unknown escape '\\x'",
                "\"\\u12G4\"           | line 1, column 6: 'G' (expected: four hexadecimal digits)",
                "\"abc                 | line 1, column 5: unfinished string",
                "{} x                  | line 1, column 4: text after the end of the document: 'x'",
                "{                     | line 1, column 2: end of text (expected: a member or '}')"
            })
    void otherTextIsRefusedWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> Json.parse(text))
                .isInstanceOf(JsonException.class)
                .hasMessage(message);
    }

    @Test
    void theLineOfAnErrorIsCounted() {
        assertThatThrownBy(() -> Json.parse("{\n  \"a\": 1,\n  \"b\": ?\n}"))
                .hasMessage("line 3, column 8: '?' (expected: a value)");
        assertThatThrownBy(() -> Json.parse("\"a\nb\""))
                .hasMessage("line 1, column 3: control character U+000A in a string (expected: an escape)");
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 65, 100_000})
    void depthIsBounded(int depth) {
        String text = "[".repeat(depth) + "]".repeat(depth);
        if (depth <= 64) {
            assertThat(Json.parse(text)).isInstanceOf(JsonArray.class);
        } else {
            assertThatThrownBy(() -> Json.parse(text)).hasMessage("line 1, column 65: nested deeper than 64 levels");
        }
    }

    @Test
    void sizeAndEncodingAreChecked() {
        assertThatThrownBy(() -> Json.parse("[1,2,3]".getBytes(StandardCharsets.UTF_8), 6))
                .hasMessageContaining("7 bytes (expected: at most 6)");
        assertThatThrownBy(() -> Json.parse(new byte[] {'"', (byte) 0xff, '"'})).hasMessageContaining("not UTF-8");
    }
}
