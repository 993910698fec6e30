package dev.quern.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.calibration.Samples;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerTest {
    private static final String WORDS = """
            {"version": "1.0", "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
             "padding": null, "added_tokens": [
               {"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
             "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "decoder": null,
             "post_processor": {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
               "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
               "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}},
             "model": {"type": "WordLevel", "vocab": {"<s>": 0, "one": 1, "two": 2, "three": 3}, "unk_token": "<s>"}}
            """;

    @TempDir
    Path folder;

    @Test
    void specialTokensAreThoseOfThePostProcessorAndNothingIsCutOff() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), WORDS);

        try (Tokenizer tokenizer = Tokenizer.open(folder)) {
            assertThat(tokenizer.encode("three two one two")).containsExactly(0, 3, 2, 1, 2);
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "added_tokens.json | {\"[A]\": 4} | 0, 1, 4, 2",
                "tokenizer_config.json | {\"added_tokens_decoder\": {\"4\": {\"content\": \"[A]\", \"special\": true}}} | 0, 1, 4, 2",
                "tokenizer_config.json | {\"additional_special_tokens\": [\"[A]\"]} | 0, 1, 4, 2",
                "special_tokens_map.json | {\"pad_token\": {\"content\": \"[A]\"}, \"eos_token\": null} | 0, 1, 4, 2",
                "tokenizer_config.json | {\"added_tokens_decoder\": {\"0\": {\"content\": \"<s>\", \"special\": true}}} | 0, 1, 0, 0, 0, 2",
                "tokenizer_config.json | {\"eos_token\": \"three\", \"unk_token\": \"<s>\"} | 0, 1, 0, 0, 0, 2",
            })
    void tokensOfTheFilesBesideAreKnown(String file, String content, String ids) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), WORDS);
        Files.writeString(folder.resolve(file), content);

        assertThat(encode("one [A] two")).containsExactly(ints(ids));
    }

    /** As transformers: tokenizer_config.json describes a token anew, here so that it takes the space around it. */
    @Test
    void tokenizerConfigCountsMoreThanTokenizerJson() throws IOException {
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(Samples.tinyLlama().resolve(file), folder.resolve(file));
        }
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"added_tokens_decoder\": {\"1\": {\"content\": \"</s>\", \"lstrip\": true, \"rstrip\": true}}}");

        assertThat(encode("] </s> there")).containsExactly(62, 1, 85, 614);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"[A]\": 7} | added_tokens.json: [A]: id 7 (expected: [4], which it has with tokenizer.json)",
                "{\"two\": 3} | added_tokens.json: two: id 3 (expected: [2], which it has with tokenizer.json)",
                "{\"[A]\": \"4\"} | added_tokens.json: \"[A]\": id \"4\" (expected: a token id)",
            })
    void aTokenAtAnotherIdIsRefusedByName(String content, String message) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), WORDS);
        Files.writeString(folder.resolve("added_tokens.json"), content);

        assertRefused(message);
    }

    /** The ids are those of transformers' AutoTokenizer. */
    @Test
    void aChatTokenThatTheBaseModelsFileLacksIsOneToken() throws IOException {
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(Samples.tinyLlama().resolve(file), folder.resolve(file));
        }
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<|im_start|>\": 2048}");

        assertThat(encode("<|im_start|>hi [X] </s> there")).containsExactly(2048, 73, 74, 222, 60, 57, 62, 222, 1, 538);
    }

    private int[] encode(String text) {
        try (Tokenizer tokenizer = Tokenizer.open(folder)) {
            return tokenizer.encode(text);
        }
    }

    private static int[] ints(String numbers) {
        return Arrays.stream(numbers.split(", ")).mapToInt(Integer::parseInt).toArray();
    }

    @Test
    void aMissingFileIsRefused() {
        assertRefused("tokenizer.json: missing (expected: a Hugging Face tokenizer file)");
    }

    @Test
    void anInvalidFileIsRefused() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": 3}");

        assertRefused("(expected: a Hugging Face tokenizer file)");
    }

    @Test
    void aClosedTokenizerSaysSo() {
        Tokenizer tokenizer = Tokenizer.open(Samples.tinyLlama());
        tokenizer.close();
        tokenizer.close();

        assertThatThrownBy(() -> tokenizer.encode("a")).isInstanceOf(IllegalStateException.class);
    }

    private void assertRefused(String message) {
        assertThatThrownBy(() -> encode("a"))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
                .hasMessageContaining(message);
    }
}
