package dev.quern.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    @TempDir
    Path folder;

    @Override
    ArtifactStore store() throws IOException {
        return new FolderStore(folder);
    }

    @Test
    void leavesNoTemporaryFileBehind() throws IOException {
        store().create(Keys.of("default").dataset("d"), bytes("x"));

        try (Stream<Path> left = Files.list(folder.resolve(".tmp"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void removesWhatADeadProcessLeft() throws IOException {
        store();
        // Above every pid that Linux gives out.
        Path left = Files.writeString(folder.resolve(".tmp/2000000000-x"), "half");
        Path own = Files.writeString(
                folder.resolve(".tmp/" + ProcessHandle.current().pid() + "-x"), "half");

        store();

        assertThat(left).doesNotExist();
        assertThat(own).exists();
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

    @Test
    void isOpenedByItsAddress() throws IOException {
        ArtifactStore store = ArtifactStores.open(folder.toUri().toString());
        store.create(Keys.of("default").dataset("d"), bytes("x"));

        assertThat(folder.resolve("t/default/datasets/d")).hasContent("x");
        assertThatThrownBy(() -> ArtifactStores.open("s3://bucket", Map.of()))
                .hasMessageStartingWith("QUERN_S3_ENDPOINT: not set (expected: ");
    }
}
