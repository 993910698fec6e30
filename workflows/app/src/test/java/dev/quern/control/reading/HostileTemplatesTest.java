package dev.quern.control.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.control.reading.message.Place;
import dev.quern.control.reading.message.Question;
import dev.quern.control.reading.message.Text;
import dev.quern.engine.Cancellation;
import dev.quern.engine.text.TextFile;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.FileSystemUtils;

/**
 * Has a reading process read a text of chats through mutated templates, one for each seed. It must answer, or refuse
 * the template as the user's fault, within seconds. Unlike a tokenizer, a template must not end the process.
 */
class HostileTemplatesTest {
    private static final Path TEMPLATES = Path.of("../../services/engine/src/test/resources/dev/quern/engine/template");
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private Path model;
    private JsonObject config;
    private Text chats;
    private ReadingProcess process;

    @BeforeEach
    void copyModel() throws IOException {
        model = folder.resolve("model");
        FileSystemUtils.copyRecursively(ReadingsTest.MODEL, model);
        config = (JsonObject) Json.parse(Files.readString(model.resolve("tokenizer_config.json")));
        String chat = """
                {"messages": [{"role": "user", "content": "%s"}, {"role": "assistant", "content": "Grüße, 🙂"}]}
                """.formatted("word ".repeat(200));
        Path text = Files.writeString(folder.resolve("chats.jsonl"), chat.repeat(4));
        chats = Text.of(TextFile.of(text), 4, 64);
        process = ReadingProcess.start(folder.resolve("store").toUri().toString(), Map.of(), folder.resolve("reading"));
    }

    @AfterEach
    void endProcess() {
        process.close();
    }

    @Test
    @Timeout(600)
    void twoThousand() throws Exception {
        read(0, 2_000);
    }

    /** Others in each run; a failure names the seed. */
    @Test
    @Tag("slow")
    @Timeout(3600)
    void tenTimesAsManyOthers() throws Exception {
        int first = RandomGenerator.getDefault().nextInt(2_000, 1_000_000_000);
        read(first, first + 20_000);
    }

    /** Each would fill more memory than the process has, or take hours. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a }}",
                "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a|tojson }}",
                "{% set ns = namespace(a={}) %}{% for i in range(60) %}{% set ns.a = {'b': ns.a, 'c': ns.a} %}{% endfor %}{{ ns.a }}",
                "{{ ('a' * 60000000)|replace('a', 'b', 60000000) }}",
                "{{ ('\\n' * 60000000).splitlines() }}",
                "{{ ('€' * 60000000)|title|upper|lower|capitalize }}",
                "{{ ('a ' * 8000000).split() }}",
                "{% for i in range(9) %}{{ '€' * 30000000 }}{% endfor %}",
                "{% set ns = namespace(a={}) %}{% for i in range(99999) %}{% set ns.a = dict(ns.a, {i|string: i}) %}{% endfor %}",
            })
    @Timeout(60)
    void whatTakesTooMuchIsRefusedByTheTemplateItself(String template) throws IOException {
        Files.writeString(model.resolve("chat_template.jinja"), template);

        assertThatThrownBy(() -> process.ask(question(), LIMIT, Cancellation.NEVER))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("chat_template.jinja, line 1: ");
    }

    private void read(int from, int to) throws IOException, DiedException {
        MutatedTemplates templates = new MutatedTemplates(TEMPLATES);
        int good = 0;
        for (int seed = from; seed < to; seed++) {
            Files.deleteIfExists(model.resolve("chat_template.jinja"));
            Files.writeString(model.resolve("tokenizer_config.json"), Json.write(config));
            for (Map.Entry<String, byte[]> file : templates.of(seed, config).entrySet()) {
                Files.write(model.resolve(file.getKey()), file.getValue());
            }
            good += answers(seed) ? 1 : 0;
        }
        assertThat(good).as("of %d read all the same", to - from).isBetween(1, to - from - 1);
    }

    private boolean answers(int seed) throws DiedException {
        try {
            process.ask(question(), LIMIT, Cancellation.NEVER);
            return true;
        } catch (QuernException e) {
            assertThat(e.code().kind()).as("seed %d: %s", seed, e.getMessage()).isEqualTo(ErrorCode.Kind.USER);
            assertThat(e.getMessage()).as("seed %d", seed).hasSizeLessThan(3000);
            return false;
        } catch (DiedException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private Question question() {
        return new Question.InspectSource(
                Place.folder(model.toString()),
                List.of(Recipes.find("rtn-w4a16")),
                List.of("compressed-tensors"),
                chats,
                List.of(chats),
                folder.resolve("windows").toString());
    }
}
