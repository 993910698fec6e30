package dev.quern.engine.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.calibration.Samples;
import dev.quern.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole text in one call is the oracle. */
class LongTextTest {
    private static final String WORDS =
            "the lord of a thousand kings went up 1234 stairs\n\n  \tand didn't é 😀 日本語 look — back";

    /**
     * As SentencePiece models are: a space is put before every text, so before a piece too, and nothing is split
     * beforehand.
     */
    private static final String PREPENDS = """
            {"version": "1.0", "added_tokens": [], "normalizer": {"type": "Sequence", "normalizers": [
               {"type": "Prepend", "prepend": "_"}, {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]},
             "pre_tokenizer": null, "decoder": null, "post_processor": {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "a", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                          {"SpecialToken": {"id": "b", "type_id": 0}}],
               "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
               "special_tokens": {"a": {"id": "a", "ids": [1], "tokens": ["a"]}, "b": {"id": "b", "ids": [2], "tokens": ["b"]}}},
             "model": {"type": "BPE", "unk_token": "?", "fuse_unk": false, "byte_fallback": false,
               "vocab": {"?": 0, "a": 1, "b": 2, "_": 3, "ab": 4, "_a": 5, "_ab": 6, "ba": 7, "aba": 8, "b_": 9},
               "merges": ["a b", "_ ab", "b a", "ab a", "b _", "_ a"]}}
            """;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void piecesHaveTheIdsOfTheWhole(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        String[] words = WORDS.split(" ", -1);
        String text = IntStream.range(0, 6000)
                .mapToObj(i -> words[random.nextInt(words.length)])
                .collect(Collectors.joining(" "));
        try (Tokenizer tokenizer = Tokenizer.open(Samples.tinyLlama())) {
            assertThat(pieces(tokenizer, text, 2000)).isEqualTo(tokenizer.encode(text));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void soTheyHaveWhereEveryTextBeginsWithASpaceAndNothingIsSplitBeforehand(long seed) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), PREPENDS);
        SplittableRandom random = new SplittableRandom(seed);
        String text = IntStream.range(0, 20_000)
                .mapToObj(i -> String.valueOf("ab ".charAt(random.nextInt(3))))
                .collect(Collectors.joining());
        try (Tokenizer tokenizer = Tokenizer.open(folder)) {
            assertThat(pieces(tokenizer, text, 1500)).startsWith(1).endsWith(2).isEqualTo(tokenizer.encode(text));
        }
    }

    @Test
    void equalCharactersAreCutWhereTheirTokensAre() throws IOException {
        String text = "a".repeat(30_000) + " " + "-".repeat(30_000);
        try (Tokenizer tokenizer = Tokenizer.open(Samples.tinyLlama())) {
            assertThat(pieces(tokenizer, text, 4000)).isEqualTo(tokenizer.encode(text));
        }
    }

    @Test
    void aTextThatIsOneTokenCannotBeCut() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), """
                {"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null,
                 "decoder": null, "model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"}}
                """);
        try (Tokenizer tokenizer = Tokenizer.open(folder)) {
            assertThatThrownBy(() -> pieces(tokenizer, "one two ".repeat(1000), 1000))
                    .isInstanceOf(LongText.NoSeamException.class)
                    .hasMessageStartingWith("no place to cut 1000 characters");
        }
    }

    @Test
    void readingEndsWithTheSink() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.open(Samples.tinyLlama())) {
            StringReader text = new StringReader(WORDS.repeat(100));

            assertThat(LongText.encode(tokenizer, text, 1000, ids -> false)).isFalse();

            assertThat(text.read()).isNotNegative();
        }
    }

    private static int[] pieces(Tokenizer tokenizer, String text, int piece) throws IOException {
        int[][] all = {{}};
        LongText.encode(tokenizer, new StringReader(text), piece, ids -> {
            int length = all[0].length;
            all[0] = Arrays.copyOf(all[0], length + ids.length);
            System.arraycopy(ids, 0, all[0], length, ids.length);
            return true;
        });
        return all[0];
    }
}
