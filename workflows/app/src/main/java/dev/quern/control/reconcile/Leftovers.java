package dev.quern.control.reconcile;

import dev.quern.control.job.Repositories;
import dev.quern.control.retention.Cleaner;
import dev.quern.control.workflow.Workflows;
import dev.quern.jobs.Job;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cleans up after jobs at their end whose workflow did not, or not to the end, because it is gone, and after those that
 * their owners deleted. Confined to one thread.
 */
final class Leftovers {
    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);
    /** Between two attempts on one job: a store that is away may stay so for long. */
    private static final Duration PAUSE = Duration.ofMinutes(1);

    private final Repositories rows;
    private final Workflows workflows;
    private final Cleaner cleaner;
    /** When a job was tried in vain, by {@link System#nanoTime}. */
    private final Map<UUID, Long> failed = new HashMap<>();

    Leftovers(Repositories rows, Workflows workflows, Cleaner cleaner) {
        this.rows = rows;
        this.workflows = workflows;
        this.cleaner = cleaner;
    }

    void clear() {
        List<Job> uncleaned = rows.jobs().uncleaned();
        List<Job> deleted = rows.jobs().deleted();
        failed.keySet()
                .retainAll(Stream.concat(uncleaned.stream(), deleted.stream())
                        .map(Job::id)
                        .collect(Collectors.toSet()));
        uncleaned.stream().filter(this::isDue).forEach(job -> attempt(job, () -> clear(job)));
        deleted.stream()
                .filter(this::isDue)
                .forEach(job -> attempt(job, () -> {
                    cleaner.forget(job);
                    LOG.info("job {}: deleted", job.id());
                }));
    }

    private boolean isDue(Job job) {
        Long before = failed.get(job.id());
        return before == null || System.nanoTime() - before > PAUSE.toNanos();
    }

    private interface Work {
        void run() throws IOException;
    }

    private void attempt(Job job, Work work) {
        try {
            work.run();
        } catch (IOException | RuntimeException e) {
            failed.put(job.id(), System.nanoTime());
            LOG.warn("job {}: cannot clean up: {}", job.id(), e.toString());
        }
    }

    private void clear(Job job) throws IOException {
        // A workflow that runs is about to do it itself.
        if (workflows.describe(job).filter(Workflows::running).isEmpty()) {
            cleaner.cleanup(Workflows.ref(job));
            LOG.info("job {}: cleaned up", job.id());
        }
    }
}
