package dev.quern.control.reconcile;

import dev.quern.contract.Outcome;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.job.JobState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** When a job gives up, as its owner asked for. */
final class TimeLimits {
    private TimeLimits() {}

    /** How the job is to end because its time is over; empty while it is not. */
    static Optional<Outcome> exceeded(Job job) {
        JobRequest.Limits limits = job.request().limits();
        if (limits == null) {
            return Optional.empty();
        }
        Instant since = job.run().pendingSince();
        Integer pending = limits.maxPendingSeconds();
        if (pending != null && since != null && since.plusSeconds(pending).isBefore(Instant.now())) {
            // Rounded up: a limit that was just exceeded shows as more than it is, not as the same.
            long seconds = 1 + Duration.between(since, Instant.now()).toSeconds();
            return Optional.of(end("maxPendingSeconds", seconds, pending, "start a worker, then retry the job"));
        }
        Integer running = limits.maxRuntimeSeconds();
        return running != null && job.run().ranSeconds() > running
                ? Optional.of(end(
                        "maxRuntimeSeconds",
                        1 + (long) job.run().ranSeconds(),
                        running,
                        "a retry makes only what is missing"))
                : Optional.empty();
    }

    private static Outcome end(String limit, long seconds, int atMost, String remedy) {
        return Outcome.failed(
                JobState.FAILED,
                ErrorCode.LIMIT_EXCEEDED.slug(),
                "limits." + limit + ": " + seconds + " s (expected: at most " + atMost + "; " + remedy + ")");
    }
}
