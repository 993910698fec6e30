package dev.quern.control.retention;

import dev.quern.control.job.ScratchFolders;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobRepository;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes what jobs at their end have left in this process's scratch: their cleanup may have run in another process.
 *
 * @param clock the rows' own
 */
record ScratchSweep(ScratchFolders scratch, JobRepository jobs, InstantSource clock) {
    private static final Logger LOG = LoggerFactory.getLogger(ScratchSweep.class);
    /** The job's own cleanup comes first. */
    private static final Duration AFTER = Duration.ofHours(1);

    void round() throws IOException {
        Instant before = clock.instant().minus(AFTER);
        for (String id : scratch.jobs()) {
            Optional<Job> job = jobs.find(UUID.fromString(id));
            Instant end = job.map(row -> row.times().finishedAt()).orElse(null);
            if (job.isEmpty() || (end != null && end.isBefore(before))) {
                LOG.info("retention: scratch of job {} deleted", id);
                scratch.delete(id);
            }
        }
    }
}
