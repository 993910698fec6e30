package dev.quern.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.artifacts.Uploads.Part;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What uploads of every store promise. */
public abstract class UploadContract {
    protected static final URI RECEIVER = URI.create("http://api.invalid/parts");
    private static final Duration HOUR = Duration.ofHours(1);
    private static final String KEY = Keys.of("default").upload("9f86d081");
    /** S3 takes no smaller part but the last. */
    private static final int PART = 5 << 20;

    private ArtifactStore store;
    private Uploads uploads;

    /** An empty store. */
    protected abstract ArtifactStore store() throws IOException;

    /** The same store, as another process sees it. */
    protected abstract ArtifactStore reopened(ArtifactStore store) throws IOException;

    /** Sends a part as a client would. */
    protected abstract Answer put(Uploads uploads, URI address, byte[] content) throws IOException;

    /** @param etag null unless the status is 200 */
    public record Answer(int status, String etag) {}

    @BeforeEach
    void open() throws IOException {
        store = store();
        uploads = store.uploads();
    }

    @Test
    void makesAnObjectOfItsParts() throws IOException {
        byte[] content = random(2 * PART + 17);
        String upload = uploads.start(KEY);
        List<Part> parts = send(upload, content);

        assertThat(store.head(KEY)).isEmpty();
        assertThat(uploads.parts(KEY, upload)).isEqualTo(parts);
        assertThat(uploads.complete(KEY, upload, parts))
                .get()
                .returns((long) content.length, ArtifactStore.Entry::size)
                .returns(KEY, ArtifactStore.Entry::key);
        assertThat(store.read(KEY)).isEqualTo(content);
        assertEnded(upload);
    }

    @Test
    void goesOnAfterAnInterruption() throws IOException {
        byte[] content = random(PART + 3);
        String upload = uploads.start(KEY);
        part(upload, 1, content);

        Uploads later = reopened(store).uploads();
        assertThat(later.parts(KEY, upload)).extracting(Part::number).containsExactly(1);
        part(upload, 2, content);
        later.complete(KEY, upload, later.parts(KEY, upload));

        assertThat(store.read(KEY)).isEqualTo(content);
    }

    @Test
    void thePartThatCameLastStands() throws IOException {
        String upload = uploads.start(KEY);
        Part first = send(upload, random(10)).getFirst();
        Part second = send(upload, ArtifactStoreContract.bytes("hello")).getFirst();

        assertThat(uploads.parts(KEY, upload)).containsExactly(second);
        assertThatThrownBy(() -> uploads.complete(KEY, upload, List.of(first)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("parts: ");
        uploads.complete(KEY, upload, List.of(second));
        assertThat(store.read(KEY)).asString().isEqualTo("hello");
    }

    @Test
    void anUploadNeverReplacesAnObject() throws IOException {
        String upload = uploads.start(KEY);
        List<Part> parts = send(upload, random(10));
        store.create(KEY, ArtifactStoreContract.bytes("first"));

        assertThat(uploads.complete(KEY, upload, parts)).isEmpty();
        assertThat(store.read(KEY)).asString().isEqualTo("first");
        assertThat(uploads.complete(KEY, upload, parts)).isEmpty();
        assertEnded(upload);
    }

    @Test
    void anAbortedUploadIsGone() throws IOException {
        String upload = uploads.start(KEY);
        List<Part> parts = send(upload, random(10));
        uploads.abort(KEY, upload);
        uploads.abort(KEY, upload);
        uploads.abort(KEY, "what-another-version-wrote-down");

        assertEnded(upload);
        assertThatThrownBy(() -> uploads.complete(KEY, upload, parts)).isInstanceOf(NoSuchUploadException.class);
        assertThat(store.head(KEY)).isEmpty();
    }

    @Test
    void anExpiredAddressTakesNothing() throws Exception {
        String upload = uploads.start(KEY);
        URI address = uploads.presign(KEY, upload, 1, Duration.ofSeconds(1), RECEIVER);
        // Servers count whole seconds.
        Thread.sleep(2_100);

        assertThat(put(uploads, address, random(10)).status()).isEqualTo(403);
        assertThat(uploads.parts(KEY, upload)).isEmpty();
    }

    @Test
    void anAddressIsGoodForItsPartAlone() throws IOException {
        String upload = uploads.start(KEY);
        String address = uploads.presign(KEY, upload, 1, HOUR, RECEIVER).toString();
        String forged = forge(address);

        assertThat(forged).isNotEqualTo(address);
        assertThat(put(uploads, URI.create(forged), random(10)).status()).isEqualTo(403);
        assertThat(uploads.parts(KEY, upload)).isEmpty();
    }

    /** The same address for another part. */
    protected abstract String forge(String address);

    @Test
    void abortsWhatNobodyFinished() throws IOException {
        String upload = uploads.start(KEY);
        send(upload, random(10));
        store.claim("ours");

        assertThat(uploads.abortStale(Instant.now().minus(Duration.ofDays(1)), Set.of()))
                .isZero();
        assertThat(uploads.abortStale(Instant.now().plusSeconds(5), Set.of(upload)))
                .isZero();
        assertThat(uploads.parts(KEY, upload)).hasSize(1);
        assertThat(uploads.abortStale(Instant.now().plusSeconds(5), Set.of())).isEqualTo(1);
        assertEnded(upload);
    }

    @Test
    void refusesKeysThatAreNotPlain() {
        for (String key : List.of("", "t/a/../b", "t/a/.b", "uploads/x")) {
            assertThatThrownBy(() -> uploads.start(key)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> uploads.presign(key, "u", 1, HOUR, RECEIVER))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** Not every server tells an upload that has ended from one without parts. */
    private void assertEnded(String upload) throws IOException {
        try {
            assertThat(uploads.parts(KEY, upload)).isEmpty();
        } catch (NoSuchUploadException e) {
            assertThat(e).hasMessageContaining(upload);
        }
    }

    private List<Part> send(String upload, byte[] content) throws IOException {
        List<Part> parts = new ArrayList<>();
        for (int number = 1; (number - 1) * PART < content.length; number++) {
            parts.add(part(upload, number, content));
        }
        return parts;
    }

    private Part part(String upload, int number, byte[] content) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        int offset = (number - 1) * PART;
        body.write(content, offset, Math.min(PART, content.length - offset));
        URI address = uploads.presign(KEY, upload, number, HOUR, RECEIVER);
        Answer answer = put(uploads, address, body.toByteArray());
        assertThat(answer.status()).isEqualTo(200);
        return new Part(number, body.size(), answer.etag());
    }

    public static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(length).nextBytes(bytes);
        return bytes;
    }

    public static ByteArrayInputStream stream(byte[] content) {
        return new ByteArrayInputStream(content);
    }
}
