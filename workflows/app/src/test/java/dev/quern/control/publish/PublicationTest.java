package dev.quern.control.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.s3.ObjectFolder;
import dev.quern.artifacts.s3.S3ProxyServer;
import dev.quern.artifacts.stores.Buckets;
import dev.quern.control.job.OutputPlaces.Place;
import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.verify.Manifests;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A consumer may copy an output's prefix at any moment; a publisher may die at any moment. */
@Timeout(120)
class PublicationTest {
    private static final List<String> ORDER = List.of(
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "tokenizer.json",
            "model.safetensors.index.json",
            "quern-report.json",
            "quern-report.html",
            "config.json");

    @TempDir
    Path files;

    private S3ProxyServer s3;
    private ObjectFolder place;

    @BeforeEach
    void start() throws Exception {
        s3 = new S3ProxyServer();
        place = ObjectFolder.of(new Buckets(s3.environment()).open("s3://" + S3ProxyServer.BUCKET + "/results/one"));
        for (String name : ORDER) {
            if (!Manifests.isReport(name)) {
                Files.writeString(files.resolve(name), "content of " + name);
            }
        }
    }

    @AfterEach
    void stop() throws Exception {
        s3.close();
    }

    @Test
    void atNoMomentIsThereAnIncompleteModelWithAConfig() throws IOException {
        List<List<String>> seen = new ArrayList<>();
        publish(watched(() -> seen.add(place.names())), "first");

        assertThat(seen).hasSize(ORDER.size() + 1);
        for (List<String> names : seen) {
            if (names.contains("config.json")) {
                assertThat(names).containsAll(ORDER);
            }
            if (names.contains(Manifest.NAME)) {
                assertThat(names).hasSize(ORDER.size() + 1);
            }
        }
        assertThat(seen.getLast()).contains(Manifest.NAME);
    }

    @Test
    void aLaterGenerationCompletesWhatAnEarlierOneBegan() throws IOException {
        for (int last = 0; last <= ORDER.size(); last++) {
            place = ObjectFolder.of(
                    new Buckets(s3.environment()).open("s3://" + S3ProxyServer.BUCKET + "/results/n" + last));
            int[] left = {last};
            ObjectFolder dying = watched(() -> {
                if (left[0]-- == 0) {
                    throw new IOException("killed");
                }
            });
            assertThatThrownBy(() -> publish(dying, "first")).hasMessage("killed");

            publish(place, "second");

            for (String name : ORDER) {
                assertThat(text(name)).startsWith("content of " + name);
            }
            assertThat(place.names()).hasSize(ORDER.size() + 1);
            String report = text("quern-report.json");
            assertThat(text(Manifest.NAME)).contains(Digests.sha256(report.getBytes(StandardCharsets.UTF_8)));
        }
    }

    @Test
    void anObjectOfSomebodyElseStandsAndEndsThePublication() throws IOException {
        place.create("tokenizer.json", "somebody else's".getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> publish(place, "first"))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_TAKEN))
                .hasMessageContaining("s3://results/tokenizer.json: other content");

        assertThat(text("tokenizer.json")).isEqualTo("somebody else's");
        assertThat(place.names()).doesNotContain("config.json", Manifest.NAME);
    }

    @Test
    void anotherResultIsNotReplaced() throws IOException {
        publish(place, "first");
        Files.writeString(files.resolve("tokenizer.json"), "content of tokenizer.json, another");

        assertThatThrownBy(() -> publish(place, "second"))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_TAKEN));
        assertThat(text("tokenizer.json")).isEqualTo("content of tokenizer.json");
    }

    /** @param generation changes the reports */
    private void publish(ObjectFolder target, String generation) throws IOException {
        Map<String, byte[]> pages = Map.of(
                "quern-report.json", bytes("content of quern-report.json " + generation),
                "quern-report.html", bytes("content of quern-report.html " + generation));
        List<FileDigest> digests = new ArrayList<>();
        List<Manifest.File> listed = new ArrayList<>();
        for (String name : ORDER) {
            byte[] content = pages.containsKey(name) ? pages.get(name) : Files.readAllBytes(files.resolve(name));
            digests.add(new FileDigest(name, content.length, Digests.sha256(content)));
            listed.add(new Manifest.File(name, content.length, Digests.sha256(content)));
        }
        Manifest manifest = new Manifest(Manifest.SCHEMA, Manifests.outputDigest(digests), listed);
        new Publication(manifest, pages, files, new Place("s3://results/", target, false))
                .run(bytes -> {}, Cancellation.NEVER);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private String text(String name) throws IOException {
        try (InputStream content = place.open(name)) {
            return new String(content.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private interface Moment {
        void pass() throws IOException;
    }

    /** Calls after every object that was created. */
    private ObjectFolder watched(Moment after) {
        ObjectFolder target = place;
        return new ObjectFolder() {
            @Override
            public Optional<Entry> create(String name, InputStream content) throws IOException {
                Optional<Entry> created = target.create(name, content);
                after.pass();
                return created;
            }

            @Override
            public Optional<Entry> head(String name) throws IOException {
                return target.head(name);
            }

            @Override
            public InputStream open(String name) throws IOException {
                return target.open(name);
            }

            @Override
            public List<String> names() throws IOException {
                return target.names();
            }

            @Override
            public boolean delete(String name, String etag) throws IOException {
                return target.delete(name, etag);
            }
        };
    }
}
