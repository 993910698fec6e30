package dev.quern.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FolderFilesTest {
    private static final Path GOLDEN = CheckpointTest.GOLDEN.resolve("base-bf16");

    @TempDir
    Path folder;

    private Path model;

    @BeforeEach
    void copyModel() throws IOException {
        model = copy(folder.resolve("model"));
    }

    private static Path copy(Path into) throws IOException {
        Files.createDirectories(into);
        for (String name : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
            Files.copy(GOLDEN.resolve(name), into.resolve(name));
        }
        return into;
    }

    @Test
    void aLinkOutOfTheFolderIsRefused() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "x");
        Files.createSymbolicLink(model.resolve("LICENSE"), secret);

        assertThatThrownBy(() -> Checkpoint.open(model).close())
                .isInstanceOf(QuernException.class)
                .hasMessage("LICENSE: a link to " + secret.toRealPath() + " (expected: a file in " + model
                        + ", or of a hub's cache beside it)")
                .extracting(e -> ((QuernException) e).code())
                .isEqualTo(ErrorCode.UNSAFE_CHECKPOINT);
    }

    /** It calls itself a regular file, and a read of it waits for ever. */
    @Test
    void aLinkToALogOfTheKernelIsRefused() throws IOException {
        Files.createSymbolicLink(model.resolve("NOTICE"), Path.of("/proc/kmsg"));

        assertThatThrownBy(() -> Checkpoint.open(model).close()).hasMessageStartingWith("NOTICE: a link to /proc/kmsg");
    }

    @Test
    void aLinkOfTheWeightsIsRefusedToo() throws IOException {
        Path elsewhere = folder.resolve("elsewhere.safetensors");
        Files.move(model.resolve("model.safetensors"), elsewhere);
        Files.createSymbolicLink(model.resolve("model.safetensors"), elsewhere);

        assertThatThrownBy(() -> Checkpoint.open(model).close())
                .hasMessageStartingWith("model.safetensors: a link to ");
    }

    @Test
    void linksInsideAndIntoAHubsCacheAreFollowed() throws IOException {
        Path hub = folder.resolve("models--a--b");
        Path snapshot = copy(hub.resolve("snapshots/0123abc"));
        Files.createDirectories(hub.resolve("blobs"));
        for (String name : new String[] {"config.json", "model.safetensors", "tokenizer.json"}) {
            Files.move(snapshot.resolve(name), hub.resolve("blobs").resolve("sha-" + name));
            Files.createSymbolicLink(snapshot.resolve(name), Path.of("../../blobs/sha-" + name));
        }
        Files.createSymbolicLink(snapshot.resolve("COPY"), Path.of("config.json"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), snapshot);

        for (Path way : new Path[] {snapshot, link}) {
            try (Checkpoint checkpoint = Checkpoint.open(way)) {
                assertThat(checkpoint.files()).contains("COPY", "tokenizer.json", "model.safetensors");
            }
        }
    }

    /** A store takes no such names; what is left out does not keep the rest from being published. */
    @Test
    void sideFilesThatNoStoreCouldHoldAreLeftOut() throws IOException {
        String longName = "n".repeat(201);
        for (String name : new String[] {"README (1).md", "a b.txt", "ä.md", longName, "-x", "NOTES.md"}) {
            Files.writeString(model.resolve(name), "x");
        }

        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            assertThat(checkpoint.leftOut())
                    .containsExactlyInAnyOrder("README (1).md", "a b.txt", "ä.md", longName, "-x");
            assertThat(checkpoint.sideFiles()).containsExactly("NOTES.md", "tokenizer.json");
            assertThat(checkpoint.files()).doesNotContainAnyElementsOf(checkpoint.leftOut());
        }
    }
}
