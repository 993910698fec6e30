package dev.quern.engine.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.calibration.Samples;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetsTest {
    private static Tokenizer tokenizer;
    private static Datasets datasets;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        tokenizer = Tokenizer.open(Samples.tinyLlama());
        datasets = new Datasets(tokenizer, 2048, 1024);
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    /** The digests were made by transformers' AutoTokenizer: all documents in order, whole windows of 512. */
    @Test
    void builtInTextHasTheIdsOfTheReferenceTokenizer() {
        TokenWindows calibration = datasets.calibration(null, 100_000, 512);
        TokenWindows evaluation = datasets.evaluation(null, 100_000, 512);

        assertThat(calibration.digest()).isEqualTo("82af51c7618be3ca2810a4dde9bd370a6cfe5717aad9662fa0ae51c3b382ec1f");
        assertThat(evaluation.digest()).isEqualTo("696b0d2510e190af721bba43f86023d1e33c09a719a75af361993e30d4b323ce");
        assertThat(calibration.count()).isEqualTo(376_478 / 512);
        assertThat(calibration.source()).isEqualTo(Datasets.BUILT_IN);
    }

    @Test
    void defaultsAre128WindowsOfAtMost2048() {
        assertThat(datasets.calibration(null, null, null))
                .returns(128, TokenWindows::count)
                .returns(1024, TokenWindows::seqLen);
        assertThat(new Datasets(tokenizer, 2048, 1 << 20)
                        .calibration(null, 2, null)
                        .seqLen())
                .isEqualTo(2048);
    }

    @Test
    void documentsAreJoinedInOrderAndCutIntoWindows() throws IOException {
        Path file = write("a.jsonl", """
                {"input_ids": [1, 2, 3]}

                {"input_ids": [], "source": "other members are left alone"}
                {"text": "Lord"}
                {"input_ids": [4, 5]}
                """);
        int[] lord = tokenizer.encode("Lord");
        int[] joined = IntStream.concat(
                        IntStream.of(1, 2, 3), IntStream.concat(Arrays.stream(lord), IntStream.of(4, 5)))
                .toArray();

        TokenWindows windows = datasets.calibration(TextFile.of(file), 10, 2);

        assertThat(windows.tokens(0, windows.count())).isEqualTo(Arrays.copyOf(joined, joined.length / 2 * 2));
        assertThat(windows.digest())
                .isNotEqualTo(datasets.calibration(TextFile.of(file), 10, 3).digest());
    }

    @Test
    void readingStopsWhenTheWindowsAreFull() throws IOException {
        Path file = write("a.jsonl", "{\"input_ids\": [1, 2, 3, 9999]}\nthis is never read\n");

        assertThat(datasets.calibration(TextFile.of(file), 1, 3).tokens(0, 1)).containsExactly(1, 2, 3);
    }

    @Test
    void aTextFileIsOneDocument() throws IOException {
        Path file = write("a.txt", "In the beginning\r\nGod created\n");

        TokenWindows windows = datasets.evaluation(TextFile.of(file), null, 2);

        int[] ids = tokenizer.encode("In the beginning\r\nGod created\n");
        assertThat(windows.tokens(0, windows.count())).isEqualTo(Arrays.copyOf(ids, ids.length / 2 * 2));
    }

    @Test
    void aCopyIsCalledAndReadAsItsNameSays() throws IOException {
        Path copy = write("0b1c", "{\"input_ids\": [1, 2]}\n{\"input_ids\": [7.5]}\n");

        TokenWindows windows = datasets.calibration(new TextFile("s3://texts/mine.jsonl", copy), 1, 2);

        assertThat(windows.source()).isEqualTo("s3://texts/mine.jsonl");
        assertThat(windows.tokens(0, 1)).containsExactly(1, 2);
        assertThatThrownBy(() -> datasets.calibration(new TextFile("s3://texts/mine.jsonl", copy), 2, 2))
                .hasMessageStartingWith("s3://texts/mine.jsonl: line 2: ");
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"text\": \"a\"}~{\"text\": | a.jsonl: line 2: not JSON, column 9",
                "{\"text\": 7} | a.jsonl: line 1: text: 7 (expected: a string)",
                "{\"input_ids\": \"1 2\"} | a.jsonl: line 1: input_ids: \"1 2\" (expected: an array of token ids)",
                "{\"text\": \"a\", \"input_ids\": [1]} | a.jsonl: line 1: has both text and input_ids (expected: one of them)",
                "{\"text\": null, \"id\": 1} | a.jsonl: line 1: members text, id (expected: {\"text\": \"…\"}, {\"input_ids\": […]} or {\"messages\": […]})",
                "{} | a.jsonl: line 1: an empty object (expected:",
                "[1] | a.jsonl: line 1: not an object (expected: {\"text\": \"…\"}, {\"input_ids\": […]} or {\"messages\": […]})",
                "{\"messages\": []} | a.jsonl: line 1: messages: no messages (expected: [{\"role\": \"…\", \"content\": \"…\"}, …])",
                "{\"messages\": \"hi\"} | a.jsonl: line 1: messages: no messages (expected:",
                "{\"messages\": [\"hi\"]} | a.jsonl: line 1: messages: \"hi\" (expected: [{\"role\":",
                "{\"messages\": [{\"content\": \"hi\"}]} | a.jsonl: line 1: messages: a message without a role (expected:",
                "{\"conversations\": [{\"from\": \"cat\", \"value\": \"\"}]} | a.jsonl: line 1: conversations: from cat (expected:",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]} | a.jsonl: line 1: a chat, but the model has no chat template",
                "{\"input_ids\": [1, -2]} | a.jsonl: line 1: input_ids: -2 (expected: a token id)",
                "{\"input_ids\": [1.5]} | a.jsonl: line 1: input_ids: 1.5",
                "~{\"input_ids\": [2048]} | a.jsonl: line 2: token id 2048 (expected: less than the model's vocabulary of 2048)",
                "'' | a.jsonl: 0 tokens (expected: at least 8, one window of seqLen)",
                "{\"input_ids\": [1, 2]} | a.jsonl: 2 tokens (expected: at least 8",
            })
    void badTextIsRefusedByNameAndLine(String content, String message) throws IOException {
        Path file = write("a.jsonl", content.replace('~', '\n'));

        assertThatThrownBy(() -> datasets.calibration(TextFile.of(file), 4, 8))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_DATASET))
                .hasMessageContaining(message);
    }

    @Test
    void aColumnOfNullsIsNone() throws IOException {
        Path file = write(
                "a.jsonl", "{\"text\": \"Lord\", \"input_ids\": null}\n{\"text\": null, \"input_ids\": [4, 5]}\n");
        int[] lord = tokenizer.encode("Lord");

        TokenWindows windows = datasets.calibration(TextFile.of(file), 1, lord.length + 2);

        assertThat(windows.tokens(0, 1)).startsWith(lord).endsWith(4, 5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.jsonl", "a.txt"})
    void aByteOrderMarkIsSkipped(String name) throws IOException {
        String content = name.equals("a.txt") ? "the Lord" : "{\"text\": \"the Lord\"}\r\n";
        Path file = write(name, "\uFEFF" + content);

        assertThat(datasets.calibration(TextFile.of(file), 1, 2).tokens(0, 1))
                .isEqualTo(Arrays.copyOf(tokenizer.encode("the Lord"), 2));
    }

    @Test
    void tokenIdsNeedNoTokenizer() throws IOException {
        Path file = write("a.jsonl", "{\"input_ids\": [1, 2, 3, 4]}");
        try (Tokenizer none = Tokenizer.open(folder)) {
            Datasets plain = new Datasets(none, 10, 1024);

            assertThat(plain.calibration(TextFile.of(file), 2, 2).count()).isEqualTo(2);
            assertThatThrownBy(() -> plain.calibration(null, 2, 2)).hasMessageContaining("tokenizer.json: missing");
        }
    }

    @Test
    void whatIsNotWantedIsNotRead() throws IOException {
        Path text = folder.resolve("a.txt");
        Path lines = folder.resolve("a.jsonl");
        byte[] invalid = {(byte) 0xff, (byte) 0xff};
        String words = "And God said, Let there be light: and there was light. ".repeat(6000);
        String ahead = "\n".repeat(1 << 18);
        Files.writeString(text, words);
        Files.write(text, invalid, StandardOpenOption.APPEND);
        Files.writeString(lines, "{\"text\": \"" + words + "\"}" + ahead);
        Files.write(lines, invalid, StandardOpenOption.APPEND);

        assertThat(datasets.evaluation(TextFile.of(text), 4, 64).digest())
                .isEqualTo(datasets.evaluation(TextFile.of(lines), 4, 64).digest());
        assertThatThrownBy(() -> datasets.evaluation(TextFile.of(text), 10_000, 1024))
                .hasMessageContaining("not UTF-8");
    }

    @Test
    void aLineWithoutAnEndIsRefused() throws IOException {
        Path file = write("a.jsonl", "{}".repeat(Lines.MAX_LENGTH / 2) + "{");
        Path values = write("b.jsonl", "{\"input_ids\": [" + "1,".repeat(1 << 20) + "1]}");

        assertThatThrownBy(() -> datasets.calibration(TextFile.of(file), 1, 2))
                .hasMessageContaining("a.jsonl: line 1: longer than 16777216 characters");
        assertThatThrownBy(() -> datasets.calibration(TextFile.of(values), 1, 2))
                .hasMessageContaining("b.jsonl: line 1: 1048579 values (expected: at most 1048576");
    }

    @Test
    void filesThatCannotBeReadAreRefused() throws IOException {
        Path missing = folder.resolve("missing.txt");
        Path unknown = write("a.parquet", "");
        Path latin1 = Files.write(folder.resolve("b.txt"), new byte[] {'a', (byte) 0xe9});

        assertThatThrownBy(() -> datasets.calibration(TextFile.of(missing), 1, 2))
                .hasMessage(missing + ": missing (expected: a .jsonl or .txt file)");
        assertThatThrownBy(() -> datasets.calibration(TextFile.of(unknown), 1, 2))
                .hasMessageContaining("expected: a name that ends in .jsonl or .txt");
        assertThatThrownBy(() -> datasets.calibration(TextFile.of(latin1), 1, 2))
                .hasMessageContaining("not UTF-8");
    }

    @ParameterizedTest(name = "{0} windows of {1}")
    @CsvSource({"0, 8, samples: 0", "1, 1025, seqLen: 1025 (expected: 2 to 1024)", "1, 1, seqLen: 1"})
    void numbersOutOfRangeAreRefused(int samples, int seqLen, String message) {
        assertThatThrownBy(() -> datasets.calibration(null, samples, seqLen))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
                .hasMessageContaining(message);
    }

    @Test
    void windowsSurviveTheirBytes() {
        TokenWindows windows = new TokenWindows("a – ü.txt", 2, new int[] {7, 8, 9, 2_000_000});

        TokenWindows read = TokenWindows.of(windows.bytes());

        assertThat(read.source()).isEqualTo("a – ü.txt");
        assertThat(read.tokens(0, 2)).containsExactly(7, 8, 9, 2_000_000);
        assertThat(read.digest()).isEqualTo(windows.digest());
        assertThat(read.slice(1, 2).tokens(0, 1)).containsExactly(9, 2_000_000);
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }
}
