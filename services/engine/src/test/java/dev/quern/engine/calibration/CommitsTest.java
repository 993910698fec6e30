package dev.quern.engine.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.ArtifactName.Kind;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitsTest {
    private static final ArtifactName NAME = new ArtifactName(Kind.BLOCK, 3, "a".repeat(64));

    @TempDir
    Path folder;

    private Path scratch;

    @BeforeEach
    void makeScratch() throws IOException {
        scratch = Files.createDirectories(folder.resolve("scratch"));
    }

    @Test
    void theFirstOfTwoStands() {
        FolderBlockStore store = new FolderBlockStore(folder.resolve("store"));
        Commits commits = new Commits(store, scratch);

        assertThat(commits.commit(NAME, file -> write(file, "one"))).isTrue();
        assertThat(commits.commit(NAME, file -> write(file, "two"))).isFalse();

        assertThat(store.find(NAME).orElseThrow()).hasContent("one");
        assertThat(scratch).isEmptyDirectory();
    }

    @Test
    void aFullDiskIsAQuestionOfResourcesAndKeepsNoHalfFile() {
        FullStore store = new FullStore("No space left on device");

        assertThatThrownBy(() -> new Commits(store, scratch).commit(NAME, file -> write(file, "one")))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DISK_BUDGET))
                .hasMessageContaining(NAME.fileName())
                .hasMessageContaining("No space left on device");
        assertThat(scratch).isEmptyDirectory();
    }

    @Test
    void anotherFailureStaysWhatItIs() {
        FullStore store = new FullStore("Input/output error");

        assertThatThrownBy(() -> new Commits(store, scratch).commit(NAME, file -> write(file, "one")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("Input/output error");
        assertThat(scratch).isEmptyDirectory();
    }

    private static void write(Path file, String content) {
        try {
            Files.writeString(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Fails as a file system does. */
    private record FullStore(String reason) implements BlockStore {
        @Override
        public Optional<Path> find(ArtifactName name) {
            return Optional.empty();
        }

        @Override
        public boolean contains(ArtifactName name) {
            return false;
        }

        @Override
        public boolean commit(ArtifactName name, Path file) {
            throw new UncheckedIOException(new FileSystemException(file.toString(), null, reason));
        }
    }
}
