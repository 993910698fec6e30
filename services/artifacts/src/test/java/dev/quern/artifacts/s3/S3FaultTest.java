package dev.quern.artifacts.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.ArtifactStoreContract;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.ObjectChangedException;
import dev.quern.artifacts.StoreForbiddenException;
import dev.quern.artifacts.StoreUnavailableException;
import dev.quern.artifacts.UploadContract;
import dev.quern.artifacts.s3.FaultyProxy.Fault;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server and a network that fail: a call succeeds, or fails cleanly and leaves nothing half written. */
class S3FaultTest {
    private static final int PART = 5 << 20;

    private static S3ProxyServer server;
    private static FaultyProxy proxy;
    private static S3Bucket bucket;
    private static S3Bucket hasty;
    private static int stores;

    @TempDir
    Path scratch;

    private S3Store store;
    private String key;

    @BeforeAll
    static void start() throws Exception {
        server = new S3ProxyServer();
        proxy = new FaultyProxy(server.port());
        S3Settings settings = S3ProxyServer.settings(proxy.endpoint());
        bucket = S3Bucket.open(new S3Location(S3ProxyServer.BUCKET, ""), settings);
        hasty = S3Bucket.open(new S3Location(S3ProxyServer.BUCKET, ""), settings.withPatience(Duration.ofMillis(300)));
    }

    @AfterAll
    static void stop() throws Exception {
        proxy.close();
        server.close();
    }

    @BeforeEach
    void open() {
        proxy.spoil((request, method, path) -> Fault.NONE);
        store = new S3Store(bucket.at(place(++stores)));
        key = Keys.of("default").artifact("block-00001-abc");
    }

    private static S3Location place(int number) {
        return new S3Location(S3ProxyServer.BUCKET, "faults-" + number + "/");
    }

    @ParameterizedTest
    @EnumSource(names = {"REFUSED", "BROKEN", "ANSWER_LOST", "SLOW"})
    void aPutIsTriedAgainAndItsWriterKnowsThatItWon(Fault fault) throws IOException {
        proxy.spoil((request, method, path) -> request <= 2 ? fault : Fault.NONE);

        assertThat(store.create(key, ArtifactStoreContract.bytes("hello"))).isPresent();
        assertThat(store.create(key, ArtifactStoreContract.bytes("other"))).isEmpty();
        assertThat(store.read(key)).asString().isEqualTo("hello");
    }

    @ParameterizedTest
    @EnumSource(names = {"REFUSED", "BROKEN", "ANSWER_LOST"})
    void everyStepOfAMultipartUploadIsTriedAgain(Fault fault) throws IOException {
        byte[] content = UploadContract.random(2 * PART + 3);
        // Every second request.
        proxy.spoil((request, method, path) -> request % 2 == 1 ? fault : Fault.NONE);

        Entry entry = store.create(key, UploadContract.stream(content)).orElseThrow();

        assertThat(entry.size()).isEqualTo(content.length);
        proxy.spoil((request, method, path) -> Fault.NONE);
        assertThat(store.read(key)).isEqualTo(content);
    }

    @Test
    void aReadGoesOnWhereItBroke() throws IOException {
        byte[] content = UploadContract.random(PART + 1);
        String etag =
                store.create(key, UploadContract.stream(content)).orElseThrow().etag();
        proxy.spoil((request, method, path) -> request <= 3 ? Fault.TRUNCATED : Fault.NONE);

        try (InputStream range = store.open(key, 100, content.length, etag)) {
            assertThat(range.readAllBytes()).isEqualTo(java.util.Arrays.copyOfRange(content, 100, content.length));
        }
        assertThat(proxy.requests()).isEqualTo(4);
    }

    @Test
    void aFetchedFileIsWholeOrNotThere() throws IOException {
        byte[] content = UploadContract.random(PART + 1);
        store.create(key, UploadContract.stream(content));
        S3Store impatient = new S3Store(hasty.at(store.location()));
        proxy.spoil((request, method, path) -> method.equals("GET") ? Fault.REFUSED : Fault.NONE);

        assertThatThrownBy(() -> impatient.fetch(key, scratch)).isInstanceOf(StoreUnavailableException.class);
        try (Stream<Path> left = Files.list(scratch)) {
            assertThat(left).isEmpty();
        }
        proxy.spoil((request, method, path) -> request == 2 ? Fault.TRUNCATED : Fault.NONE);
        assertThat(store.fetch(key, scratch))
                .get()
                .satisfies(file -> assertThat(file).hasBinaryContent(content));
    }

    @Test
    void aReadOfAnotherVersionIsRefusedInItsMiddle() throws IOException {
        store.claim("ours");
        byte[] content = UploadContract.random(PART / 2);
        String etag =
                store.create(key, UploadContract.stream(content)).orElseThrow().etag();
        InputStream half = store.open(key, 0, content.length, etag);
        half.readNBytes(10);
        proxy.spoil((request, method, path) -> Fault.NONE);
        store.delete(key, etag);
        store.create(key, ArtifactStoreContract.bytes("another"));

        assertThatThrownBy(() -> store.open(key, 10, 5, etag)).isInstanceOf(ObjectChangedException.class);
        half.close();
    }

    @Test
    void aListIsWhole() throws IOException {
        store.create(key, ArtifactStoreContract.bytes("x"));
        proxy.spoil((request, method, path) -> request == 1 ? Fault.TRUNCATED : Fault.NONE);

        assertThat(store.list("t/")).extracting(Entry::key).containsExactly(key);
    }

    @Test
    void aFullStoreIsAFullDiskAndLeavesNothing() throws IOException {
        proxy.spoil((request, method, path) -> path.contains("partNumber=2") ? Fault.FULL : Fault.NONE);

        assertThatThrownBy(() -> store.create(key, UploadContract.stream(UploadContract.random(2 * PART))))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("No space left on device");
        assertNothingLeft();
    }

    @Test
    void aWriterThatFailsInItsMiddleLeavesNothing() throws IOException {
        InputStream failing = new FilterInputStream(UploadContract.stream(UploadContract.random(2 * PART))) {
            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                if (in.available() < PART / 2) {
                    throw new IOException("broken pipe");
                }
                return super.read(buffer, offset, Math.min(length, 100_000));
            }
        };

        assertThatThrownBy(() -> store.create(key, failing)).hasMessage("broken pipe");
        assertNothingLeft();
    }

    @Test
    void patienceEnds() {
        S3Store impatient = new S3Store(hasty.at(store.location()));
        proxy.spoil((request, method, path) -> Fault.REFUSED);

        assertThatThrownBy(() -> impatient.create(key, ArtifactStoreContract.bytes("x")))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("503");
        // How often it is tried in that time the machine decides; not without a pause.
        assertThat(proxy.requests()).isBetween(1, 20);
    }

    @Test
    void aWrongSecretIsNotTriedAgain() {
        S3Settings right = S3ProxyServer.settings(proxy.endpoint());
        S3Settings wrong = new S3Settings(
                right.endpoint(),
                right.publicEndpoint(),
                right.region(),
                right.accessKey(),
                "wrong",
                right.patience(),
                right.partBytes());
        S3Store stranger = new S3Store(S3Bucket.open(store.location(), wrong));

        assertThatThrownBy(() -> stranger.create(key, ArtifactStoreContract.bytes("x")))
                .isInstanceOf(StoreForbiddenException.class)
                .hasMessageContaining("SignatureDoesNotMatch");
        assertThat(proxy.requests()).isEqualTo(1);
    }

    /** The server checks the time in the signature. */
    @ParameterizedTest
    @EnumSource(names = {"AHEAD", "BEHIND"})
    void aWrongClockIsNamedAndNotTriedAgain(Fault clock) {
        proxy.spoil((request, method, path) -> clock);

        assertThatThrownBy(() -> store.create(key, ArtifactStoreContract.bytes("x")))
                .isInstanceOf(StoreForbiddenException.class)
                .hasMessageContaining("RequestTimeTooSkewed");
        assertThat(proxy.requests()).isEqualTo(1);
    }

    @Test
    void aRefusalShowsBothClocksWhereTheyDiffer() throws IOException {
        String answer = "HTTP/1.1 403 Forbidden\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\n\r\n";
        try (ServerSocket late = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> answerOnce(late, answer));
            S3Settings settings = S3ProxyServer.settings("http://127.0.0.1:" + late.getLocalPort());
            S3Store other = new S3Store(S3Bucket.open(store.location(), settings));

            assertThatThrownBy(() -> other.head(key))
                    .isInstanceOf(StoreForbiddenException.class)
                    .hasMessageContaining("this machine's clock shows 2")
                    .hasMessageContaining("the store's 1994-11-06T08:49:37Z");
        }
    }

    private static void answerOnce(ServerSocket server, String answer) {
        try (Socket client = server.accept()) {
            client.getInputStream().read(new byte[1 << 16]);
            client.getOutputStream().write(ArtifactStoreContract.bytes(answer));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One request in twenty fails in some way: what was written is there, once, whole. */
    @Test
    void survivesABadDay() throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        Fault[] faults = {Fault.REFUSED, Fault.BROKEN, Fault.ANSWER_LOST, Fault.TRUNCATED};
        proxy.spoil((request, method, path) -> {
            synchronized (random) {
                return random.nextInt(20) == 0 ? faults[random.nextInt(faults.length)] : Fault.NONE;
            }
        });
        for (int i = 0; i < 60; i++) {
            byte[] content = UploadContract.random(1000 + i);
            String name = Keys.of("default").artifact("object-" + i);
            Optional<Entry> entry = store.create(name, UploadContract.stream(content));
            assertThat(entry).isPresent();
            assertThat(store.read(name)).isEqualTo(content);
        }
        assertThat(store.list("t/")).hasSize(60);
    }

    private void assertNothingLeft() throws IOException {
        proxy.spoil((request, method, path) -> Fault.NONE);
        assertThat(store.head(key)).isEmpty();
        assertThat(store.list("t/")).isEmpty();
        store.claim("ours");
        assertThat(store.uploads().abortStale(Instant.now().plusSeconds(60), Set.of()))
                .as("uploads left open")
                .isZero();
    }
}
