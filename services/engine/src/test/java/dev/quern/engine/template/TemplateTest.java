package dev.quern.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.quern.engine.template.value.TemplateException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What dev/chat-goldens had transformers make of templates is what {@link Template} makes of them. */
class TemplateTest {
    private static final JsonObject GOLDENS = (JsonObject) Json.parse(resource("goldens.json"));

    static String resource(String name) {
        try (InputStream in = TemplateTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Arguments> templates() {
        JsonObject templates = (JsonObject) GOLDENS.get("templates");
        return templates.members().entrySet().stream()
                .flatMap(template -> ((JsonObject) template.getValue())
                        .members().entrySet().stream()
                                .map(chat -> Arguments.of(template.getKey(), chat.getKey(), chat.getValue())));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("templates")
    void aChatReadsAsInTransformers(String template, String chat, JsonObject expected) {
        JsonObject variables = JsonObject.EMPTY
                .with("messages", ((JsonObject) GOLDENS.get("chats")).get(chat))
                .with(standard())
                .with("bos_token", "<s>")
                .with("eos_token", "</s>");

        check(resource(template + ".jinja"), variables, expected);
    }

    static Stream<JsonObject> snippets() {
        return ((JsonArray) GOLDENS.get("snippets")).values().stream().map(JsonObject.class::cast);
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void aPieceOfATemplateReadsAsInTransformers(JsonObject snippet) {
        check(text(snippet, "template"), standard().with((JsonObject) GOLDENS.get("values")), snippet);
    }

    private static JsonObject standard() {
        return (JsonObject) Json.parse("{\"tools\": null, \"documents\": null, \"add_generation_prompt\": false}");
    }

    private static void check(String template, JsonObject variables, JsonObject expected) {
        if (expected.has("error")) {
            assertThat(catchThrowable(() -> Template.parse(template).render(variables)))
                    .as(template)
                    .isInstanceOf(TemplateException.class);
        } else {
            assertThat(Template.parse(template).render(variables)).as(template).isEqualTo(text(expected, "text"));
        }
    }

    private static String text(JsonObject object, String member) {
        return ((JsonString) object.get(member)).value();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`a\n\n{{ missing.name }}` | 3 | `'missing' is undefined`",
                "`{% if true %}\n{{ raise_exception('Roles must alternate') }}{% endif %}` | 2 | Roles must alternate",
                "`a\n{% include 'x' %}` | 2 | `tag include (expected: if, for,`",
                "`{{ x\n| nosuch }}` | 2 | filter nosuch",
                "`{% for a in [1] %}\n\n{{ a + 'x' }}\n{% endfor %}` | 3 | `+: an integer and a string (expected: two of a kind)`",
                "`a\n{{ range }}` | 2 | `a function or namespace cannot be printed`",
                "`a\n{% for i in range(99999) %}{% for j in range(99999) %}\n{% endfor %}{% endfor %}` | 2 | more work than",
                "`\n{% if a %}` | 2 | `unexpected the end of the template (expected: elif or else or endif)`",
            })
    void anErrorNamesItsLine(String template, int line, String message) {
        assertThatThrownBy(() -> Template.parse(template).render(JsonObject.EMPTY))
                .isInstanceOfSatisfying(
                        TemplateException.class, e -> assertThat(e.line()).isEqualTo(line))
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Without end
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "{% set ns = namespace(a='x') %}{% for i in range(99) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}",
                "{% set ns = namespace(a=[1]) %}{% for i in range(99) %}{% set ns.a = ns.a + ns.a %}{% endfor %}",
                "{{ 'x' * 99999999999 }}",
                "{{ [1] * 99999999999 }}",
                "{{ 'x' * 9223372036854775807 }}",
                "{% set a = 'x' * 9999999 %}{{ a.replace('x', a) }}",
                "{{ ('x' * 9999999)|list|length }}",
                "{% set a = 'x,' * 9999999 %}{{ a.split(',')|length }}",
                "{{ range(99999)|map('string')|join('x' * 99999) }}",
                "{{ 9 ** 9 ** 9 }}",
                "{{ 9223372036854775807 + 1 }}",
                "{{ -(-9223372036854775807 - 1) }}",
                "{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}",
                "{{ ('a\n' * 9999999)|indent(64) }}",
                "{{ [1]|tojson(indent=999999999) }}",
                // Out of the template
                "{{ ''.__class__.__mro__ }}",
                "{{ ''.getClass().forName('java.lang.Runtime') }}",
                "{{ messages.class.name }}",
                "{{ range.__globals__['os'] }}",
                "{% import 'os' as os %}",
                "{% include '/etc/passwd' %}",
                "{% extends 'x' %}",
                "{{ cycler.__init__.__globals__ }}",
                "{{ namespace.getClass() }}",
                "{{ lipsum() }}",
                "{{ open('/etc/passwd').read() }}",
            })
    @Timeout(20)
    void aHostileTemplateEndsInAnError(String template) {
        assertThatThrownBy(() ->
                        Template.parse(template).render(JsonObject.EMPTY.with("messages", new JsonArray(List.of()))))
                .isInstanceOf(TemplateException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "[", "{{'a':", "not ", "-", "a.b(", "a if b else "})
    @Timeout(20)
    void whatNestsTooDeeplyIsRefused(String piece) {
        String template = "{{ " + piece.repeat(200_000 / piece.length()) + "1 }}";

        assertThatThrownBy(() -> Template.parse(template).render(JsonObject.EMPTY))
                .isInstanceOf(TemplateException.class);
    }

    /** An index copies nothing: with a copy for each, 400 GB would be moved. */
    @Test
    @Timeout(20)
    void aLongListMayBeIndexedAtEachOfItsEntries() {
        String template = "{% set list = range(99999) | list %}{% for a in list %}"
                + "{% set b = list[a] + list[-1] + list[0] + list[1] + list[2] %}{{ b if loop.last }}{% endfor %}";

        assertThat(Template.parse(template).render(JsonObject.EMPTY)).isEqualTo("199999");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1_000_000})
    void theTextOfAMessageMayBeLong(int repeats) {
        String content = "words ".repeat(repeats).strip();
        JsonObject message = JsonObject.EMPTY.with("role", "user").with("content", content);
        JsonObject variables = standard().with("messages", new JsonArray(List.of(message)));

        long begun = System.nanoTime();
        String text = Template.parse(resource("thoughts.jinja")).render(variables);

        assertThat(text).isEqualTo("<|im_start|>user\n" + content + "<|im_end|>\n");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
    }
}
