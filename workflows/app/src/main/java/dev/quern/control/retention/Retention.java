package dev.quern.control.retention;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.control.job.JobContexts;
import dev.quern.jobs.Job;
import dev.quern.jobs.installation.SweepLock;
import dev.quern.recipes.error.QuernException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes what no job needs any more: artifacts, datasets and figures that are older than the retention and that no
 * unfinished job and none that ended within the retention refers to; documents of jobs that ended before; uploads that
 * nobody finished, and those that none of these jobs reads. Outputs and quarantined results stay. Only in a store that
 * this installation holds, and exactly the versions that were seen. While a job of a tenant has not written down yet
 * what it needs, nothing of the tenant goes.
 */
final class Retention {
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
    /** While the lock is held, and jobs that begin wait. */
    private static final int AT_ONCE = 20;
    /** The parts of a key. */
    private static final int TENANT = 1;

    private static final int KIND = 2;
    private static final int NAME = 3;

    private final JobContexts contexts;
    private final UploadSweep uploads;
    private final SweepLock lock;
    private final Duration retention;
    private final InstantSource clock;
    private final Needs needs;
    private final Counter objects;
    private final Counter bytes;

    /**
     * @param retention what a job used stays so long after its end
     * @param clock the rows' own: it decides with them
     */
    Retention(
            JobContexts contexts,
            UploadSweep uploads,
            SweepLock lock,
            Duration retention,
            InstantSource clock,
            MeterRegistry metrics) {
        this.contexts = contexts;
        this.uploads = uploads;
        this.lock = lock;
        this.retention = retention;
        this.clock = clock;
        this.needs = new Needs(contexts);
        this.objects = Counter.builder("quern.retention.deleted")
                .description("Objects that no job needed any more")
                .register(metrics);
        this.bytes = Counter.builder("quern.retention.deleted.bytes")
                .description("Their bytes")
                .register(metrics);
    }

    /**
     * One round over the whole store.
     *
     * @return the number of objects that were deleted
     */
    int round() throws IOException {
        Instant now = clock.instant();
        int aborted = uploads.abortUnfinished(now);
        Instant before = now.minus(retention);
        int expired = uploads.expireUnused(before);
        Spared spared = new Spared(before);
        spared.undecided.forEach((tenant, why) -> LOG.info("retention: nothing of {} deleted: {}", tenant, why));
        List<Entry> old = contexts.store().list("t/").stream()
                .filter(entry -> entry.modified().isBefore(before))
                .toList();
        // A look without the lock: mostly nothing is left of it.
        List<Entry> unneeded =
                old.stream().filter(entry -> !spared.holds(entry)).toList();
        int deleted = dropUploads(old);
        for (int first = 0; first < unneeded.size(); first += AT_ONCE) {
            List<Entry> some = unneeded.subList(first, Math.min(first + AT_ONCE, unneeded.size()));
            deleted += lock.sweeping(() -> sweep(some, before));
        }
        if (aborted + expired + deleted > 0) {
            LOG.info(
                    "retention: {} objects deleted, {} unfinished uploads aborted, {} finished ones ended",
                    deleted,
                    aborted,
                    expired);
        }
        return deleted;
    }

    private int dropUploads(List<Entry> old) {
        int deleted = 0;
        for (Entry entry : old) {
            String[] parts = parts(entry);
            if (parts.length == 4 && parts[KIND].equals("uploads") && uploads.drop(parts[TENANT], parts[NAME], entry)) {
                count(entry);
                deleted++;
            }
        }
        return deleted;
    }

    /** t/TENANT/KIND/NAME… */
    private static String[] parts(Entry entry) {
        return entry.key().split("/", 5);
    }

    /** Rows first: a job that comes later waits until this is over. */
    private int sweep(List<Entry> old, Instant before) {
        try {
            Spared spared = new Spared(before);
            int deleted = 0;
            for (Entry entry : old) {
                if (!spared.holds(entry) && delete(entry)) {
                    deleted++;
                }
            }
            return deleted;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean delete(Entry entry) throws IOException {
        lock.require();
        if (!contexts.store().delete(entry.key(), entry.etag())) {
            return false;
        }
        count(entry);
        return true;
    }

    private void count(Entry entry) {
        LOG.debug("retention: {} deleted, {} bytes", entry.key(), entry.size());
        objects.increment();
        bytes.increment((double) entry.size());
    }

    /** What stays, as the rows are now. */
    private final class Spared {
        private final Set<String> jobs = new HashSet<>();
        private final Set<String> needed = new HashSet<>();
        /** Tenants of which all stays, and why. */
        private final Map<String, String> undecided = new HashMap<>();

        Spared(Instant before) throws IOException {
            List<Job> retained = contexts.jobs().retained(before);
            needs.forgetAllBut(retained);
            for (Job job : retained) {
                jobs.add(job.id().toString());
                try {
                    if (Needs.undecided(job)) {
                        undecided.put(job.tenant(), "job " + job.id() + " has no plan yet");
                    } else {
                        needed.addAll(needs.of(job));
                    }
                } catch (QuernException e) {
                    undecided.put(job.tenant(), "plan of job " + job.id() + ": " + e.getMessage());
                }
            }
        }

        boolean holds(Entry entry) {
            String[] parts = parts(entry);
            if (parts.length <= NAME || parts[NAME].startsWith(".")) {
                // Not made by us.
                return true;
            }
            return switch (parts[KIND]) {
                case "artifacts", "datasets", "figures" ->
                    undecided.containsKey(parts[TENANT]) || needed.contains(entry.key());
                case "jobs" -> jobs.contains(parts[NAME]);
                default -> true;
            };
        }
    }
}
