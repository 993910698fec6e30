package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.ConfigKeys.Use;
import dev.quern.engine.run.Account.Fate;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccountTest {
    private static final Path BASE = Path.of("src/test/resources/golden/base-bf16");

    @TempDir
    Path folder;

    @BeforeEach
    void copy() throws IOException {
        for (String file : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
            Files.copy(BASE.resolve(file), folder.resolve(file));
        }
    }

    @Test
    void everyTensorKeyAndFileHasItsPlace() throws IOException {
        Files.writeString(folder.resolve("modeling.py"), "x");
        try (Source source = Source.open(folder)) {
            Account account = Account.of(source);

            assertThat(account.tensors())
                    .extracting(Account.Tensor::name)
                    .containsExactlyElementsOf(source.checkpoint().tensorNames());
            assertThat(account.tensors())
                    .filteredOn(tensor -> tensor.fate() == Fate.COMPRESSED)
                    .hasSize(14);
            assertThat(account.keys())
                    .extracting(Account.Key::name)
                    .containsExactlyElementsOf(
                            source.checkpoint().config().raw().members().keySet());
            assertThat(account.keys()).extracting(Account.Key::use).doesNotContain(Use.UNKNOWN);
            assertThat(account.files())
                    .containsExactly(
                            new Account.File("tokenizer.json", Fate.COPIED),
                            new Account.File("modeling.py", Fate.LEFT_OUT));
            assertThat(account.remarks()).isEmpty();
        }
    }

    @Test
    void whatTheOwnerShouldKnowIsSaid() throws IOException {
        JsonObject config = (JsonObject) Json.parse(Files.readString(BASE.resolve("config.json")));
        Files.writeString(
                folder.resolve("config.json"),
                Json.write(config.with("tie_word_embeddings", true).with("logit_scale", 3)));
        try (Source source = Source.open(folder)) {
            assertThat(Account.of(source).remarks())
                    .containsExactly(
                            "lm_head.weight differs from the embedding, so it is the head: config.json said"
                                    + " \"tie_word_embeddings\": true, the result says false.",
                            "config.json: logit_scale: not known to Quern, and without effect here.");
        }
    }

    /** A key that is called used decides something: a senseless value of it is refused. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "qwen2", "qwen3"})
    void everyKeyThatCountsAsUsedIsRead(String type) throws IOException {
        JsonObject config = ((JsonObject) Json.parse(Files.readString(BASE.resolve("config.json"))))
                .with("model_type", type)
                .with("use_sliding_window", true)
                .with("sliding_window", Json.parse("null"));
        Architecture sound = Architectures.of(new ModelConfig(config));
        Set<String> keys = new TreeSet<>(Architectures.keys(new ModelConfig(config)));
        for (String key : keys) {
            ModelConfig senseless = new ModelConfig(config.with(key, Json.parse("[\"x\"]")));

            assertThatThrownBy(() -> Architectures.of(senseless)).as(key).isInstanceOf(QuernException.class);
        }
        assertThat(sound.modelType()).isEqualTo(type);
    }
}
