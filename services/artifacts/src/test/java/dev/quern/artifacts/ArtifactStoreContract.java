package dev.quern.artifacts;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every store promises. An implementation extends this and says how to start itself. */
public abstract class ArtifactStoreContract {
    private static final String KEY = Keys.of("default").artifact("block-00001-abc");

    /** Tests set parts of 5 MB; others have 16. */
    private static final int LARGE = 17 << 20;

    @TempDir
    protected Path scratch;

    /** An empty store. */
    protected abstract ArtifactStore store() throws IOException;

    @Test
    void readsBackWhatWasWritten() throws IOException {
        ArtifactStore store = store();
        ArtifactStore.Entry entry = store.create(KEY, bytes("hello")).orElseThrow();

        assertThat(entry.size()).isEqualTo(5);
        assertThat(store.head(KEY)).contains(entry);
        assertThat(store.read(KEY)).isEqualTo(bytes("hello"));
        assertThat(store.fetch(KEY, scratch))
                .get()
                .satisfies(file -> assertThat(file).hasContent("hello"));
    }

    @Test
    void keepsTheFirstOfTwoObjects() throws IOException {
        ArtifactStore store = store();
        store.create(KEY, bytes("first"));

        assertThat(store.create(KEY, bytes("second"))).isEmpty();
        assertThat(store.read(KEY)).isEqualTo(bytes("first"));
    }

    @Test
    void ofRacingWritersExactlyOneWins() throws Exception {
        ArtifactStore store = store();
        List<Callable<Optional<ArtifactStore.Entry>>> writers = IntStream.range(0, 8)
                .<Callable<Optional<ArtifactStore.Entry>>>mapToObj(i -> () -> store.create(KEY, bytes("writer " + i)))
                .toList();

        List<Optional<ArtifactStore.Entry>> answers = new ArrayList<>();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Optional<ArtifactStore.Entry>> answer : pool.invokeAll(writers)) {
                answers.add(answer.get());
            }
        }
        assertThat(answers).filteredOn(Optional::isPresent).hasSize(1);
        assertThat(new String(store.read(KEY), UTF_8)).isEqualTo("writer " + winner(answers));
    }

    private static int winner(List<Optional<ArtifactStore.Entry>> answers) {
        return IntStream.range(0, answers.size())
                .filter(i -> answers.get(i).isPresent())
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aWriterThatFailsLeavesNothing() throws IOException {
        ArtifactStore store = store();
        InputStream failing = new FilterInputStream(new ByteArrayInputStream(bytes("half"))) {
            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                int count = super.read(buffer, offset, 2);
                if (count < 0) {
                    throw new IOException("broken pipe");
                }
                return count;
            }
        };

        assertThatThrownBy(() -> store.create(KEY, failing)).hasMessage("broken pipe");
        assertThat(store.head(KEY)).isEmpty();
        assertThat(store.create(KEY, bytes("whole"))).isPresent();
    }

    @Test
    void readsARangeOfTheVersionThatWasAskedFor() throws IOException {
        ArtifactStore store = store();
        String etag = store.create(KEY, bytes("0123456789")).orElseThrow().etag();

        try (InputStream range = store.open(KEY, 3, 4, etag)) {
            assertThat(range.readAllBytes()).isEqualTo(bytes("3456"));
        }
        try (InputStream tail = store.open(KEY, 8, 100, null)) {
            assertThat(tail.readAllBytes()).isEqualTo(bytes("89"));
        }
        assertThatThrownBy(() -> store.open(KEY, 0, 1, "other")).isInstanceOf(ObjectChangedException.class);
        assertThatThrownBy(() -> store.open(KEY + "x")).isInstanceOf(NoSuchObjectException.class);
    }

    @Test
    void listsByPrefixInOrder() throws IOException {
        ArtifactStore store = store();
        Keys keys = Keys.of("default");
        for (String file : List.of("b.bin", "a.bin", "sub/c.bin")) {
            store.create(keys.output("run", file), bytes(file));
        }
        store.create(keys.output("run2", "a.bin"), bytes("other"));

        assertThat(store.list(keys.outputs("run")))
                .extracting(ArtifactStore.Entry::key)
                .containsExactly(
                        "t/default/outputs/run/a.bin",
                        "t/default/outputs/run/b.bin",
                        "t/default/outputs/run/sub/c.bin");
        assertThat(store.list("t/default/outputs/run/a")).hasSize(1);
        assertThat(store.list("t/nobody/")).isEmpty();
    }

    @Test
    void deletesExactlyTheVersionThatWasSeen() throws IOException {
        ArtifactStore store = store();
        String etag = store.create(KEY, bytes("damaged")).orElseThrow().etag();
        store.claim("ours");

        assertThat(store.delete(KEY, etag + "0")).isFalse();
        assertThat(store.delete(KEY, etag)).isTrue();
        assertThat(store.delete(KEY, etag)).isFalse();
        assertThat(store.create(KEY, bytes("sound"))).isPresent();
    }

    @Test
    void deletesNothingOfAnotherInstallation() throws IOException {
        ArtifactStore store = store();
        String etag = store.create(KEY, bytes("theirs")).orElseThrow().etag();

        assertThatThrownBy(() -> store.delete(KEY, etag)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.uploads().abortStale(Instant.MAX, Set.of()))
                .isInstanceOf(IllegalStateException.class);
        store.claim("theirs");
        store.claim("theirs");
        assertThatThrownBy(() -> store.claim("ours"))
                .isInstanceOf(ForeignStoreException.class)
                .hasMessageContaining(".quern-owner names the installation theirs (expected: ours;");
        assertThatThrownBy(() -> store.delete(KEY, etag)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.claim("../x")).hasMessageStartingWith("installation: \"../x\" (expected: ");
        assertThat(store.list("t/")).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "t/",
                "t/a/",
                "t//a",
                "/t/a",
                "t/../a",
                "t/a/../../b",
                "t/./a",
                "t/a/.hidden",
                "t/a/b c",
                "t/a/\u00e9",
                "outputs/a"
            })
    void refusesKeysThatAreNotPlain(String key) throws IOException {
        ArtifactStore store = store();
        assertThatThrownBy(() -> store.create(key, bytes("x"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> store.head(key)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesOverlongKeys() throws IOException {
        ArtifactStore store = store();
        String segment = "s".repeat(Keys.MAX_SEGMENT + 1);
        String key = "t/a" + ("/" + "s".repeat(Keys.MAX_SEGMENT)).repeat(5);

        assertThatThrownBy(() -> store.create("t/a/" + segment, bytes("x"))).hasMessageContaining("(expected: ");
        assertThatThrownBy(() -> store.create(key, bytes("x"))).hasMessageContaining("at most 900");
    }

    @Test
    void storesAFile() throws IOException {
        Path file = Files.writeString(scratch.resolve("weights.bin"), "w".repeat(100_000));

        assertThat(store().create(KEY, file)).get().returns(100_000L, ArtifactStore.Entry::size);
    }

    @Test
    void storesWhatIsEmpty() throws IOException {
        ArtifactStore store = store();

        assertThat(store.create(KEY, bytes(""))).get().returns(0L, ArtifactStore.Entry::size);
        assertThat(store.create(KEY, bytes("x"))).isEmpty();
        assertThat(store.read(KEY)).isEmpty();
        assertThat(store.fetch(KEY, scratch))
                .get()
                .satisfies(file -> assertThat(file).isEmptyFile());
    }

    /** Larger than any part: in S3 one multipart upload. */
    @Test
    void ofRacingWritersOfLargeObjectsOneWinsWhole() throws Exception {
        ArtifactStore store = store();
        List<Callable<Optional<ArtifactStore.Entry>>> writers = IntStream.range(0, 4)
                .<Callable<Optional<ArtifactStore.Entry>>>mapToObj(
                        i -> () -> store.create(KEY, UploadContract.random(LARGE + i)))
                .toList();

        List<Optional<ArtifactStore.Entry>> answers = new ArrayList<>();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Optional<ArtifactStore.Entry>> answer : pool.invokeAll(writers)) {
                answers.add(answer.get());
            }
        }
        assertThat(answers).filteredOn(Optional::isPresent).hasSize(1);
        byte[] content = UploadContract.random(LARGE + winner(answers));
        assertThat(store.read(KEY)).isEqualTo(content);
        assertThat(store.fetch(KEY, scratch))
                .get()
                .satisfies(file -> assertThat(file).hasBinaryContent(content));
        store.claim("ours");
        assertThat(store.uploads().abortStale(Instant.now().plusSeconds(60), Set.of()))
                .isZero();
    }

    @Test
    void takesEveryCharacterThatKeysMayHave() throws IOException {
        ArtifactStore store = store();
        String name = "AZaz09_.=+@-" + "s".repeat(Keys.MAX_SEGMENT - 12);
        String key = Keys.of("default").output("run", name + "/" + name);
        store.create(key, bytes("x"));

        assertThat(store.read(key)).asString().isEqualTo("x");
        assertThat(store.list("t/default/outputs/"))
                .extracting(ArtifactStore.Entry::key)
                .containsExactly(key);
        assertThat(store.list(key.substring(0, key.length() - 1))).hasSize(1);
    }

    @Test
    void listsMoreThanOnePage() throws Exception {
        ArtifactStore store = store();
        Keys keys = Keys.of("default");
        List<Callable<Optional<ArtifactStore.Entry>>> writers = IntStream.range(0, 1_003)
                .<Callable<Optional<ArtifactStore.Entry>>>mapToObj(
                        i -> () -> store.create(keys.dataset("d%04d".formatted(i)), bytes("x")))
                .toList();
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            for (Future<Optional<ArtifactStore.Entry>> answer : pool.invokeAll(writers)) {
                answer.get();
            }
        }

        assertThat(store.list(keys.datasets()))
                .hasSize(1_003)
                .isSortedAccordingTo(Comparator.comparing(ArtifactStore.Entry::key));
    }

    public static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
