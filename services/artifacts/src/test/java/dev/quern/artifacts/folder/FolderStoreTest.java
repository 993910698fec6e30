package dev.quern.artifacts.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStoreContract;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.NoSuchObjectException;
import dev.quern.artifacts.ObjectChangedException;
import dev.quern.artifacts.SlowWriter;
import dev.quern.artifacts.stores.ArtifactStores;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderStoreTest extends ArtifactStoreContract {
    // Where namespaces of users are forbidden, just another process.
    private static final List<String> OTHER_NAMESPACE = List.of(
            "sh",
            "-c",
            "n='unshare --user --map-root-user --pid --fork'; $n true 2>/dev/null || n=; exec $n \"$0\" \"$@\"");

    @TempDir
    Path folder;

    @Override
    protected ArtifactStore store() throws IOException {
        return new FolderStore(folder);
    }

    @Test
    void leavesNoTemporaryFileBehind() throws IOException {
        store().create(Keys.of("default").dataset("d"), bytes("x"));

        assertThat(drafts()).isEmpty();
    }

    @Test
    void removesWhatADeadProcessLeft() throws Exception {
        Process writer = slowWriter(List.of());
        assertThat(drafts()).hasSize(1);
        writer.destroyForcibly().waitFor();

        store();

        assertThat(drafts()).isEmpty();
    }

    /** Its number means nothing outside of its namespace; there it may belong to nobody, or to somebody else. */
    @Test
    void sparesWhatAProcessOfAnotherContainerWrites() throws Exception {
        Process writer = slowWriter(OTHER_NAMESPACE);
        try {
            store();
            assertThat(drafts()).hasSize(1);
        } finally {
            writer.getOutputStream().close();
        }

        assertThat(writer.waitFor()).isZero();
        assertThat(store().head(SlowWriter.KEY)).isPresent();
        assertThat(drafts()).isEmpty();
    }

    @Test
    void sparesWhatThisProcessWrites() throws Exception {
        InputStream content = new FilterInputStream(new ByteArrayInputStream(new byte[] {1})) {
            @Override
            public long transferTo(OutputStream out) throws IOException {
                store();
                return super.transferTo(out);
            }
        };

        assertThat(store().create(Keys.of("default").dataset("own"), content)).isPresent();
    }

    private Process slowWriter(List<String> before) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                SlowWriter.class.getName(),
                folder.toString()));
        Process process =
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        assertThat(process.inputReader().readLine()).isEqualTo("begun");
        return process;
    }

    private List<Path> drafts() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(".tmp"))) {
            return files.toList();
        }
    }

    /** One job ends and deletes its streams while another one looks for its blocks. */
    @Test
    void listsAndLooksWhileOthersDelete() throws Exception {
        ArtifactStore store = store();
        store.claim("ours");
        store.create(Keys.of("default").dataset("stays"), bytes("x"));
        try (ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> comingAndGoing = others.submit(() -> {
                String key = Keys.of("default").dataset("goes");
                for (int i = 0; i < 300; i++) {
                    store.delete(
                            key, store.create(key, bytes("x")).orElseThrow().etag());
                }
                return null;
            });
            while (!comingAndGoing.isDone()) {
                assertThat(store.list("t/default/datasets/"))
                        .extracting(ArtifactStore.Entry::key)
                        .contains(Keys.of("default").dataset("stays"));
                store.head(Keys.of("default").dataset("goes"));
            }
            comingAndGoing.get();
        }
    }

    /** One job ends and deletes a stream that another one stores at this moment. */
    @Test
    void aWriterWhoseObjectIsDeletedAtOnceHasWrittenItAllTheSame() throws Exception {
        ArtifactStore store = store();
        store.claim("ours");
        String key = Keys.of("default").dataset("goes");
        AtomicBoolean ended = new AtomicBoolean();
        try (ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> deleting = others.submit(() -> {
                while (!ended.get()) {
                    Optional<ArtifactStore.Entry> there = store.head(key);
                    if (there.isPresent()) {
                        store.delete(key, there.get().etag());
                    }
                }
                return null;
            });
            try {
                for (int made = 0; made < 300; ) {
                    made += store.create(key, bytes("x")).isPresent() ? 1 : 0;
                }
            } finally {
                ended.set(true);
            }
            deleting.get();
        }
    }

    /** As one that was deleted before. */
    @Test
    void aReaderWhoseObjectIsDeletedWhileItOpensItIsToldThatThereIsNone() throws Exception {
        ArtifactStore store = store();
        store.claim("ours");
        String key = Keys.of("default").dataset("goes");
        AtomicBoolean ended = new AtomicBoolean();
        try (ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> reading = others.submit(() -> {
                while (!ended.get()) {
                    Optional<ArtifactStore.Entry> there = store.head(key);
                    try (InputStream content = there.isEmpty()
                            ? null
                            : store.open(key, 0, 1, there.get().etag())) {
                        assertThat(content == null || content.read() == 'x').isTrue();
                    } catch (NoSuchObjectException | ObjectChangedException e) {
                        assertThat(e).hasMessageContaining(key);
                    }
                }
                return null;
            });
            try {
                for (int i = 0; i < 150; i++) {
                    store.delete(
                            key, store.create(key, bytes("x")).orElseThrow().etag());
                }
            } finally {
                ended.set(true);
            }
            reading.get();
        }
    }

    @Test
    void refusesAKeyThatLiesUnderAnotherOne() throws IOException {
        ArtifactStore store = store();
        store.create("t/default/datasets/a", bytes("x"));
        store.create("t/default/outputs/b/c", bytes("x"));

        assertThatThrownBy(() -> store.create("t/default/datasets/a/b", bytes("x")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> store.create("t/default/outputs/b", bytes("x")))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("move the folder away, then retry the job");
    }

    /** Like an artifact that was deleted or damaged, it is made again. */
    @Test
    void aFolderInPlaceOfAnArtifactMakesRoomWithAllThatIsInIt() throws IOException {
        ArtifactStore store = store();
        String key = Keys.of("default").artifact("block-00003-9f86");
        Path place = folder.resolve(key);
        Files.createDirectories(place.resolve("notes"));
        Files.writeString(place.resolve("notes/mine"), "kept");
        assertThat(store.head(key)).isEmpty();

        assertThat(store.create(key, bytes("block"))).isPresent();

        assertThat(place).hasContent("block");
        try (Stream<Path> aside = Files.list(folder.resolve(".set-aside"))) {
            assertThat(aside).singleElement().satisfies(moved -> {
                assertThat(moved.getFileName().toString()).startsWith("block-00003-9f86-");
                assertThat(moved.resolve("notes/mine")).hasContent("kept");
            });
        }
        assertThat(store.list("t/default/"))
                .extracting(ArtifactStore.Entry::key)
                .containsExactly(key);
    }

    @Test
    void isOpenedByItsAddress() throws IOException {
        ArtifactStore store = ArtifactStores.open(folder.toUri().toString());
        store.create(Keys.of("default").dataset("d"), bytes("x"));

        assertThat(folder.resolve("t/default/datasets/d")).hasContent("x");
        assertThatThrownBy(() -> ArtifactStores.open("s3://bucket", Map.of()))
                .hasMessageStartingWith("QUERN_S3_ENDPOINT: not set (expected: ");
    }
}
