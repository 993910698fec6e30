package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quern.engine.checkpoint.safetensors.RawSafetensors;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a config or a header speaks of costs nothing before it is compared with what is there. */
@Timeout(30)
class SourceLimitsTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/base-bf16");

    @TempDir
    Path model;

    @BeforeEach
    void copyModel() throws IOException {
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(GOLDEN.resolve(name), model.resolve(name));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "num_hidden_layers   | 1000000000 | model.layers.2.",
                "num_hidden_layers   | 2147483647 | model.layers.2.",
                "head_dim            | 2000000000 | config.json: head_dim: ",
                "head_dim            | 200000000  | config.json: head_dim: ",
                "hidden_size         | 2000000000 | config.json: head_dim: ",
                "vocab_size          | 2147483647 | model.embed_tokens.weight: shape",
                "intermediate_size   | 2147483647 | mlp.gate_proj.weight: shape",
                "num_attention_heads | 0          | config.json: num_attention_heads: 0",
            })
    void hugeSizesAreRefusedByWhatIsThere(String key, String value, String message) throws IOException {
        Path config = model.resolve("config.json");
        String changed = Files.readString(config)
                .replaceAll("\"head_dim\": *[0-9]+,?", "")
                .replaceAll("\"" + key + "\": *[0-9]+", "\"" + key + "\": " + value);
        if (key.equals("head_dim")) {
            changed = changed.replaceFirst("\\{", "{\"head_dim\": " + value + ",");
        } else if (key.equals("hidden_size")) {
            changed = changed.replaceAll("\"num_(attention_heads|key_value_heads)\": *[0-9]+", "\"num_$1\": 1");
        }
        Files.writeString(config, changed);

        assertThat(refusal()).hasMessageContaining(message);
    }

    /** In 31 bits the product is 0, or another one that fits. */
    @ParameterizedTest
    @CsvSource({"65536, 65536", "16777217, 256"})
    void headsWhoseProductOverflowsAreRefused(int heads, int headDim) throws IOException {
        Path config = model.resolve("config.json");
        Files.writeString(
                config,
                Files.readString(config)
                        .replaceAll("\"head_dim\": *[0-9]+,?", "")
                        .replaceAll("\"num_(attention_heads|key_value_heads)\": *[0-9]+", "\"num_$1\": " + heads)
                        .replaceFirst("\\{", "{\"head_dim\": " + headDim + ","));

        assertThat(refusal()).hasMessageStartingWith("config.json: num_attention_heads: " + heads);
    }

    /** Each value of a header takes a multiple of its text in memory. */
    @Test
    void aHeaderOfTooManyValuesIsRefused() {
        String shape = "0,".repeat(3_000_000) + "0";
        RawSafetensors.write(
                model.resolve("model.safetensors"),
                "{\"a\":{\"dtype\":\"BF16\",\"shape\":[" + shape + "],\"data_offsets\":[0,0]}}",
                0);

        assertThat(refusal()).hasMessageContaining("more than 2000000 values");
    }

    @Test
    void anEndlessNameDoesNotMakeAnEndlessMessage() {
        RawSafetensors.write(model.resolve("model.safetensors"), "{\"" + "n".repeat(5_000_000) + "\":1}", 0);

        assertThat(refusal().getMessage()).hasSizeLessThan(3000).endsWith("(expected: an object)");
    }

    private QuernException refusal() {
        QuernException error = catchThrowableOfType(
                QuernException.class, () -> Source.open(model).close());
        assertThat(error).isNotNull();
        assertThat(error.code().kind()).isEqualTo(ErrorCode.Kind.USER);
        return error;
    }
}
