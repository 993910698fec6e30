package dev.quern.control.retention;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.jobs.installation.SweepLock;
import dev.quern.jobs.upload.UploadRepository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;

/** Ends uploads that are abandoned or no longer needed, and deletes the files that no other upload names. */
record UploadSweep(UploadRepository uploads, ArtifactStore store, SweepLock lock) {
    /** A writer's parts, whose process has died. Those of clients go when their upload expires. */
    private static final Duration STALE = Duration.ofDays(1);

    /**
     * Ends what was not finished in time.
     *
     * @return how many transfers the store has dropped
     */
    int abortUnfinished(Instant now) throws IOException {
        uploads.expire();
        return store.uploads().abortStale(now.minus(STALE), uploads.awaited());
    }

    /**
     * Ends what was finished before, and is of no use to a job since. One that begins now finds it ended, or is seen.
     */
    int expireUnused(Instant before) {
        return lock.sweeping(() -> uploads.expireUnused(before));
    }

    /**
     * Deletes a file unless an upload names it.
     *
     * @param digest its SHA-256
     */
    boolean drop(String tenant, String digest, Entry object) {
        return uploads.drop(tenant, digest, () -> {
            try {
                return store.delete(object.key(), object.etag());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
