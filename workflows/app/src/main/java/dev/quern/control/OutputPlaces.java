package dev.quern.control;

import dev.quern.artifacts.Buckets;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.Locations;
import dev.quern.artifacts.ObjectFolder;
import dev.quern.jobs.Job;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where results go: to the tenant's outputs in the store, or to an address of the owner's. There, nothing may lie before, and what
 * was begun is written down first, so that a later generation of the job knows its own files.
 *
 * @param allowed where outputs may go outside the store
 */
record OutputPlaces(JobContexts contexts, Buckets buckets, Locations allowed) {
    private static final String BEGUN = "output.json";

    /**
     * @param location as rows name it, ending in a slash
     * @param own false for a place outside the store
     */
    record Place(String location, ObjectFolder folder, boolean own) {}

    Place quarantine(Job job) {
        return own(Keys.of(job.tenant()).quarantine(job.id().toString()));
    }

    /** @throws QuernException INVALID_REQUEST for an address that is not allowed */
    Place published(Job job) {
        String uri = uri(job);
        if (uri == null) {
            return own(Keys.of(job.tenant()).outputs(job.prefix()));
        }
        allowed.refusal(uri).ifPresent(expected -> {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "outputs[0].uri: " + uri + " (expected: " + expected + ")");
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

    /** What the job claims, beside the prefix that every job has; null for the store. */
    static @Nullable String uri(Job job) {
        List<JobRequest.Output> outputs =
                RecordCodec.read(Json.parse(job.request()), JobRequest.class).outputs();
        return outputs.isEmpty() ? null : outputs.getFirst().uri();
    }

    /**
     * Nothing may lie where the result will, unless this job put it there.
     *
     * @throws QuernException OUTPUT_TAKEN that names what does
     */
    void requireFree(Job job) throws IOException {
        Place place = published(job);
        if (place.own()) {
            return;
        }
        Optional<Manifest> begun = begun(job);
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
    void begin(Job job, Manifest manifest) throws IOException {
        contexts.store()
                .create(
                        document(job),
                        Json.write(RecordCodec.write(manifest)).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** What a generation of this job was to put into a place outside the store, once it had begun. */
    Optional<Manifest> begun(Job job) throws IOException {
        String key = document(job);
        return contexts.store().head(key).isEmpty()
                ? Optional.empty()
                : Optional.of(RecordCodec.read(Json.parse(contexts.read(key)), Manifest.class));
    }

    private static String document(Job job) {
        return Keys.of(job.tenant()).document(job.id().toString(), BEGUN);
    }
}
