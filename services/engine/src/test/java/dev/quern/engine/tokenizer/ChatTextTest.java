package dev.quern.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.calibration.Samples;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TextFile;
import dev.quern.engine.text.TokenWindows;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Chats as texts; the ids are those of transformers' apply_chat_template, which dev/chat-goldens wrote down. */
class ChatTextTest {
    private static final String TEMPLATES = "/dev/quern/engine/template/";
    private static final JsonObject GOLDENS = (JsonObject) Json.parse(resource("goldens.json"));
    private static final String HELLO = "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}\n";

    @TempDir
    Path folder;

    private static String resource(String name) {
        try (InputStream in = ChatTextTest.class.getResourceAsStream(TEMPLATES + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The sample's tokenizer with two more tokens, and with special tokens around every text. */
    @BeforeEach
    void makeATokenizer() throws IOException {
        Path sample = Samples.tinyLlama();
        JsonObject tokenizer = (JsonObject) Json.parse(Files.readString(sample.resolve("tokenizer.json")));
        Files.writeString(
                folder.resolve("tokenizer.json"),
                Json.write(tokenizer.with("post_processor", GOLDENS.get("post_processor"))));
        Files.copy(sample.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<|im_start|>\": 2048, \"<|im_end|>\": 2049}");
    }

    static Stream<Arguments> goldens() {
        return ((JsonObject) GOLDENS.get("tokens"))
                .members().entrySet().stream()
                        .flatMap(template -> ((JsonObject) template.getValue())
                                .members().entrySet().stream()
                                        .map(chat -> Arguments.of(template.getKey(), chat.getKey(), chat.getValue())));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("goldens")
    void aChatHasTheTokensThatTransformersGivesIt(String template, String chat, JsonString expected)
            throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), resource(template + ".jinja"));
        JsonObject line = JsonObject.EMPTY.with("messages", ((JsonObject) GOLDENS.get("chats")).get(chat));
        int[] ids = Arrays.stream(expected.value().split(" "))
                .mapToInt(Integer::parseInt)
                .toArray();

        TokenWindows windows = read(Json.write(line), ids.length);

        assertThat(windows.tokens(0, 1)).isEqualTo(ids);
        assertThat(windows.template()).isEqualTo("chat_template.jinja");
    }

    @Test
    void aConversationIsReadAsItsMessages() throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), resource("chatml.jinja"));
        String messages = """
                {"messages": [{"role": "system", "content": "Be brief.", "name": null}, {"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}]}
                """;
        String conversations = """
                {"id": 7, "conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "hi"}, {"from": "gpt", "value": "Hello."}]}
                """;

        assertThat(read(conversations, 24).tokens(0, 1))
                .isEqualTo(read(messages, 24).tokens(0, 1));
    }

    @Test
    void chatsAndOtherTextsMayStandInOneFile() throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), "<|im_start|>{{ messages[0].content }}");

        TokenWindows windows = read(HELLO + "{\"text\": \"hi\"}\n{\"input_ids\": [5]}\n", 8);

        assertThat(windows.tokens(0, 1)).containsExactly(2048, 73, 74, 0, 73, 74, 1, 5);
        assertThat(TokenWindows.of(windows.bytes()))
                .returns("chat_template.jinja", TokenWindows::template)
                .returns(windows.digest(), TokenWindows::digest);
        assertThat(read("{\"text\": \"hi\"}", 4).template()).isNull();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "chat_template.jinja counts more | a | \"b\" | 66",
                "a template in the configuration | | \"b\" | 67",
                "one of several | | [{\"name\": \"rag\", \"template\": \"a\"}, {\"name\": \"default\", \"template\": \"c\"}] | 68",
                "the one for tools, without tools | | [{\"name\": \"tool_use\", \"template\": \"a\"}, {\"name\": \"default\", \"template\": \"b\"}] | 67",
                "special tokens by name | {{ bos_token }}{{ eos_token }} | \"b\" | 0",
            })
    void theTemplateIsChosenAsInTransformers(String what, String file, String member, int id) throws IOException {
        if (file != null) {
            Files.writeString(folder.resolve("chat_template.jinja"), file);
        }
        configure(member);

        assertThat(read(HELLO + HELLO, 2).tokens(0, 1)[0]).isEqualTo(id);
    }

    @Test
    void aChatWithToolsHasATemplateOfItsOwn() throws IOException {
        configure(
                "[{\"name\": \"tool_use\", \"template\": \"{{ tools[0].name }}\"}, {\"name\": \"default\", \"template\": \"b\"}]");
        String withTools = HELLO.replace("{\"messages\"", "{\"tools\": [{\"name\": \"a\"}], \"messages\"");

        assertThat(read(withTools + HELLO, 2).tokens(0, 1)).containsExactly(66, 67);
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{{ raise_exception('Roles must alternate') }} | DATASET | a.jsonl: line 1: chat_template.jinja, line 1, refuses the chat: Roles must alternate",
                "`a\n{{ messages[0].nothing.more }}` | DATASET | a.jsonl: line 1: chat_template.jinja, line 2: 'nothing' is undefined",
                "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %} | DATASET | a.jsonl: line 1: chat_template.jinja, line 1: more work than",
                "`a\n\n{% include 'x' %}` | CHECKPOINT | chat_template.jinja: line 3: tag include (expected: if, for,",
            })
    void whatATemplateCannotDoIsTheUsersError(String template, String kind, String message) throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), template);

        assertThatThrownBy(() -> read(HELLO, 2))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.valueOf("INVALID_" + kind)))
                .hasMessageContaining(message);
    }

    private void configure(String template) throws IOException {
        Path file = folder.resolve("tokenizer_config.json");
        JsonObject config = (JsonObject) Json.parse(Files.readString(file));
        Files.writeString(file, Json.write(config.with("chat_template", Json.parse(template))));
    }

    private TokenWindows read(String lines, int seqLen) throws IOException {
        Path file = Files.writeString(folder.resolve("a.jsonl"), lines);
        try (Tokenizer tokenizer = Tokenizer.open(folder)) {
            TextFile text = new TextFile("a.jsonl", file);
            return new Datasets(tokenizer, 2050, 4096).calibration(text, 1, seqLen);
        }
    }
}
