package dev.quern.control.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.control.reading.message.Place;
import dev.quern.control.reading.message.Question;
import dev.quern.control.reading.message.Text;
import dev.quern.engine.Cancellation;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Wrong tokenizers, by seeds, each read by a reading process: it answers, refuses as the user's fault, or dies, and
 * soon. The process that asks lives on.
 */
class HostileTokenizersTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private Path model;
    private byte[] tokenizer;
    private int number;

    @BeforeEach
    void copyModel() throws IOException {
        model = Files.createDirectory(folder.resolve("model"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(ReadingsTest.MODEL.resolve(name), model.resolve(name));
        }
        tokenizer = Files.readAllBytes(ReadingsTest.MODEL.resolve("tokenizer.json"));
    }

    @Test
    @Timeout(600)
    void twoThousand() throws IOException {
        read(0, 2_000);
    }

    /** Others in each run; a failure names the seed. */
    @Test
    @Tag("slow")
    @Timeout(3600)
    void tenTimesAsManyOthers() throws IOException {
        int first = RandomGenerator.getDefault().nextInt(2_000, 1_000_000_000);
        read(first, first + 20_000);
    }

    private void read(int from, int to) throws IOException {
        ReadingProcess process = start();
        int good = 0;
        int deaths = 0;
        try {
            for (int seed = from; seed < to; seed++) {
                Files.write(model.resolve("tokenizer.json"), new Mutations(seed).of(tokenizer));
                try {
                    process.ask(question(), LIMIT, Cancellation.NEVER);
                    good++;
                } catch (QuernException e) {
                    assertThat(e.code().kind())
                            .as("seed %d: %s", seed, e.getMessage())
                            .isEqualTo(ErrorCode.Kind.USER);
                } catch (DiedException e) {
                    deaths++;
                    assertThat(e.what()).as("seed %d", seed).contains("tokenizer.json");
                    process.close();
                    process = start();
                }
            }
        } finally {
            process.close();
        }
        System.out.printf("%d tokenizers: %d work, %d end their process%n", to - from, good, deaths);
        assertThat(good).isBetween(1, to - from - 1);
    }

    private ReadingProcess start() throws IOException {
        return ReadingProcess.start(
                folder.resolve("store").toUri().toString(), Map.of(), folder.resolve("reading-" + number++));
    }

    private Question question() {
        return new Question.InspectSource(
                Place.folder(model.toString()),
                List.of(Recipes.find("rtn-w4a16")),
                List.of("compressed-tensors"),
                new Text(null, null, 1, 64),
                List.of(new Text(null, null, 1, 64)),
                folder.resolve("windows").toString());
    }
}
