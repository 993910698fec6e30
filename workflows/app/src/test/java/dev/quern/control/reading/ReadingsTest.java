package dev.quern.control.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.calibration.TokenWindows;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.Recipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;

@Timeout(300)
class ReadingsTest {
    static final Path MODEL =
            Path.of("../../samples/tiny-llama").toAbsolutePath().normalize();

    @TempDir
    static Path folder;

    private static Readings readings;

    @BeforeAll
    static void start() throws IOException {
        readings = new Readings(folder.resolve("store").toUri().toString(), Map.of(), folder.resolve("reading"));
    }

    @AfterAll
    static void stop() {
        readings.close();
    }

    @Test
    void readsWhatIsGood() throws Exception {
        Inspected found = inspect(MODEL);

        assertThat(found.files()).contains("model.safetensors", "tokenizer.json");
        assertThat(found.folderStamp()).isNotNull();
        Path windows = folder.resolve("windows").resolve(found.calibration());
        assertThat(TokenWindows.of(Files.readAllBytes(windows)).seqLen()).isEqualTo(128);
    }

    /** A panic of the native tokenizer aborts the process that it is in. */
    @Test
    void refusesAFileThatNoProcessSurvives() throws Exception {
        Path model = withTokenizer("precompiled", """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
                 "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"},
                 "pre_tokenizer": null, "post_processor": null, "decoder": null,
                 "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}
                """);

        assertThatThrownBy(() -> inspect(model))
                .isInstanceOf(QuernException.class)
                .hasMessageStartingWith(model + "/tokenizer.json")
                .hasMessageContaining("signal 6")
                .extracting(e -> ((QuernException) e).code())
                .isEqualTo(ErrorCode.INVALID_CHECKPOINT);
        assertThat(inspect(MODEL).files()).as("others are read").contains("config.json");
    }

    private static Inspected inspect(Path model) {
        return readings.inspect(
                new Question.InspectSource(
                        Place.folder(model.toString()),
                        List.of(Recipes.find("gptq-w4a16")),
                        List.of("compressed-tensors"),
                        new Text(null, null, 8, 128),
                        List.of(new Text(null, null, 4, 128)),
                        folder.resolve("windows").toString()),
                () -> {},
                Cancellation.NEVER);
    }

    private static Path withTokenizer(String name, String json) throws IOException {
        Path model = folder.resolve(name);
        FileSystemUtils.copyRecursively(MODEL, model);
        Files.writeString(model.resolve("tokenizer.json"), json);
        return model;
    }
}
