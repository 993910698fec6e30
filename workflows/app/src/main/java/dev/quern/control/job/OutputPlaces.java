package dev.quern.control.job;

import dev.quern.artifacts.Keys;
import dev.quern.artifacts.s3.ObjectFolder;
import dev.quern.artifacts.stores.Buckets;
import dev.quern.artifacts.stores.Locations;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobOutput;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * Where results go: to the tenant's outputs in the store, or to an address of the owner's. There, nothing may lie
 * before, and what was begun is written down first, so that a later generation of the job knows its own files.
 *
 * @param allowed where outputs may go outside the store
 */
public record OutputPlaces(JobContexts contexts, Buckets buckets, Locations allowed) {

    /**
     * @param location as rows name it, ending in a slash
     * @param own false for a place outside the store
     */
    public record Place(String location, ObjectFolder folder, boolean own) {}

    public Place quarantine(Job job, JobOutput output) {
        return own(Keys.of(job.tenant()).quarantine(job.id().toString(), output.position()));
    }

    /** @throws QuernException INVALID_REQUEST for an address that is not allowed */
    public Place published(Job job, JobOutput output) {
        String uri = output.uri();
        if (uri == null) {
            return own(Keys.of(job.tenant()).outputs(output.prefix()));
        }
        allowed.refusal(uri).ifPresent(expected -> {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "outputs[" + output.position() + "].uri: " + uri + " (expected: " + expected + ")");
        });
        try {
            return new Place(uri + "/", ObjectFolder.of(buckets.open(uri)), false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Place own(String prefix) {
        return new Place(prefix, ObjectFolder.of(contexts.store(), prefix), true);
    }

    /**
     * Nothing may lie where the result will, unless this job put it there.
     *
     * @throws QuernException OUTPUT_TAKEN that names what does
     */
    public void requireFree(Job job, JobOutput output) throws IOException {
        Place place = published(job, output);
        if (place.own()) {
            return;
        }
        Optional<Manifest> begun = begun(job, output);
        for (String name : place.folder().names()) {
            boolean ours = begun.isPresent()
                    && (name.equals(Manifest.NAME)
                            || begun.get().files().stream()
                                    .anyMatch(file -> file.name().equals(name)));
            if (!ours) {
                throw new QuernException(
                        ErrorCode.OUTPUT_TAKEN, place.location() + name + ": exists (expected: an empty place)");
            }
        }
    }

    /** To be called before the first file is put into a place outside the store. */
    public void begin(Job job, JobOutput output, Manifest manifest) throws IOException {
        contexts.store()
                .create(
                        document(job, output),
                        Json.write(RecordCodec.write(manifest)).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** What a generation of this job was to put into a place outside the store, once it had begun. */
    public Optional<Manifest> begun(Job job, JobOutput output) throws IOException {
        String key = document(job, output);
        return contexts.store().head(key).isEmpty()
                ? Optional.empty()
                : Optional.of(RecordCodec.read(Json.parse(contexts.read(key)), Manifest.class));
    }

    private static String document(Job job, JobOutput output) {
        String name = output.position() == 0 ? "output.json" : "output-" + output.position() + ".json";
        return Keys.of(job.tenant()).document(job.id().toString(), name);
    }
}
