package dev.quern.control.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quern.control.reading.message.Inspected;
import dev.quern.control.reading.message.Place;
import dev.quern.control.reading.message.Question;
import dev.quern.control.reading.message.Text;
import dev.quern.engine.Cancellation;
import dev.quern.engine.text.TextFile;
import dev.quern.engine.text.TokenWindows;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.process.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
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

        assertThat(found.source().names()).contains("model.safetensors", "tokenizer.json");
        assertThat(found.source().folderStamp()).isNotNull();
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
        assertThat(inspect(MODEL).source().names()).as("others are read").contains("config.json");
    }

    /** A pipe that nobody writes to. */
    @Test
    void endsAProcessThatIsLate() throws Exception {
        Path pipe = folder.resolve("pipe.txt");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        Text text = Text.of(TextFile.of(pipe), 8, 128);

        try (ReadingProcess process =
                ReadingProcess.start(folder.resolve("store").toUri().toString(), Map.of(), folder.resolve("late"))) {
            DiedException late = catchThrowableOfType(
                    DiedException.class,
                    () -> process.ask(question(MODEL, text), Duration.ofSeconds(20), Cancellation.NEVER));
            assertThat(late.late()).isTrue();
            assertThat(late.refusal())
                    .hasMessageStartingWith(MODEL + "/tokenizer.json on " + pipe)
                    .hasMessageContaining("had not ended after 20 s");
        }
        assertThat(folder.resolve("late")).doesNotExist();
    }

    /** As a process of its own: says who reads for it, and stays. */
    static final class Asking {
        public static void main(String[] arguments) throws Exception {
            try (Readings readings = new Readings(arguments[0], Map.of(), Path.of(arguments[1]))) {
                System.out.println(ProcessHandle.current()
                        .children()
                        .map(child -> Long.toString(child.pid()))
                        .collect(Collectors.joining(" ")));
                Thread.sleep(Duration.ofMinutes(2));
            }
        }
    }

    @Test
    void noReadingProcessOutlivesTheOneThatAsks() throws Exception {
        Process asking = JavaCommand.of(
                        List.of(),
                        List.of("--add-modules=jdk.incubator.vector"),
                        Asking.class.getName(),
                        List.of(
                                folder.resolve("store").toUri().toString(),
                                folder.resolve("asking").toString()))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String line = asking.inputReader().readLine();
        ProcessHandle reading = ProcessHandle.of(Long.parseLong(line)).orElseThrow();

        asking.destroyForcibly().waitFor();

        reading.onExit().get(60, TimeUnit.SECONDS);
        assertThat(reading.isAlive()).isFalse();
    }

    private static Inspected inspect(Path model) {
        return readings.inspect(question(model, new Text(null, null, 8, 128)), () -> {}, Cancellation.NEVER);
    }

    private static Question.InspectSource question(Path model, Text calibration) {
        return new Question.InspectSource(
                Place.folder(model.toString()),
                List.of(Recipes.find("gptq-w4a16")),
                List.of("compressed-tensors"),
                calibration,
                List.of(new Text(null, null, 4, 128)),
                folder.resolve("windows").toString());
    }

    private static Path withTokenizer(String name, String json) throws IOException {
        Path model = folder.resolve(name);
        FileSystemUtils.copyRecursively(MODEL, model);
        Files.writeString(model.resolve("tokenizer.json"), json);
        return model;
    }
}
