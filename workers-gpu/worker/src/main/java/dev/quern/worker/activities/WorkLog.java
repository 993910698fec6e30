package dev.quern.worker.activities;

import dev.quern.contract.JobRef;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a worker says of a piece of work in its log: for whom, what, and how it ended. */
record WorkLog(String job, String what, long startNanos) {
    private static final Logger LOG = LoggerFactory.getLogger(WorkLog.class);

    static WorkLog begin(JobRef job, String what) {
        LOG.info("job {}: {}", job.id(), what);
        return new WorkLog(job.id(), what, System.nanoTime());
    }

    void done() {
        LOG.info("job {}: {}: done, {}", job, what, seconds());
    }

    /** It failed, or was to stop: a person reads why in the job's row, too. */
    void stopped(Throwable reason) {
        LOG.info("job {}: {}: stopped, {}: {}", job, what, seconds(), reason.toString());
    }

    private String seconds() {
        return String.format(Locale.ROOT, "%.1f s", (System.nanoTime() - startNanos) / 1e9);
    }
}
