package dev.quern.control.publish;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.control.job.OutputPlaces.Place;
import dev.quern.engine.Cancellation;
import dev.quern.engine.verify.Manifests;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.process.FailPoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts a result into its place, file by file in the order of its manifest, which ends with config.json; then the
 * manifest. Nothing is ever overwritten: what is there already must have the same content, or be a report that an
 * earlier generation of the job left.
 *
 * @param pages contents of the reports, by name
 * @param files folder of all others
 */
record Publication(Manifest manifest, Map<String, byte[]> pages, Path files, Place place) {
    /** @throws QuernException OUTPUT_TAKEN that names what lies there */
    void run(LongConsumer bytes, Cancellation cancellation) throws IOException {
        if (published()) {
            return;
        }
        for (Manifest.File file : manifest.files()) {
            cancellation.check();
            FailPoint.pass("publish.before");
            put(file);
            FailPoint.pass("publish.after");
            bytes.accept(file.size());
        }
        FailPoint.pass("manifest.before");
        place.folder().create(Manifest.NAME, Manifests.write(manifest));
        FailPoint.pass("manifest.after");
    }

    /** By an earlier generation that died before it could say so. */
    private boolean published() throws IOException {
        if (place.folder().head(Manifest.NAME).isEmpty()) {
            return false;
        }
        Manifest there;
        try (InputStream content = place.folder().open(Manifest.NAME)) {
            there = RecordCodec.read(Json.parse(content.readAllBytes()), Manifest.class);
        }
        if (!there.outputDigest().equals(manifest.outputDigest())) {
            throw taken(Manifest.NAME, there.outputDigest(), "no result, or the same");
        }
        return true;
    }

    private void put(Manifest.File file) throws IOException {
        if (create(file)) {
            return;
        }
        // Left by a generation before this one; its report has other times in it.
        Optional<ArtifactStore.Entry> there = place.folder().head(file.name());
        if (there.isEmpty() || sha256(file.name()).equals(file.sha256())) {
            return;
        }
        if (!place.own() && !Manifests.isReport(file.name())) {
            throw taken(file.name(), "other content", "no object, or the same");
        }
        place.folder().delete(file.name(), there.get().etag());
        create(file);
    }

    private boolean create(Manifest.File file) throws IOException {
        byte @Nullable [] page = pages.get(file.name());
        return (page == null
                        ? place.folder().create(file.name(), files.resolve(file.name()))
                        : place.folder().create(file.name(), page))
                .isPresent();
    }

    private String sha256(String name) throws IOException {
        try (DigestInputStream content = new DigestInputStream(place.folder().open(name), Digests.sha256())) {
            content.transferTo(OutputStream.nullOutputStream());
            return Digests.hex(content.getMessageDigest().digest());
        }
    }

    private QuernException taken(String name, String what, String expected) {
        return new QuernException(
                ErrorCode.OUTPUT_TAKEN, place.location() + name + ": " + what + " (expected: " + expected + ")");
    }
}
