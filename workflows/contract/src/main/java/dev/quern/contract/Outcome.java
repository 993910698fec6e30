package dev.quern.contract;

import dev.quern.recipes.job.JobState;
import org.jspecify.annotations.Nullable;

/**
 * How a generation of a job ended.
 *
 * @param state COMPLETED, QUARANTINED, REJECTED, FAILED, CANCELLED, or PAUSED: no end of the job
 * @param code a slug of {@code ErrorCode}; null where there is nothing to explain
 * @param message for the owner, beside a code
 */
public record Outcome(
        JobState state, @Nullable String code, @Nullable String message) {
    public static Outcome failed(JobState state, String code, String message) {
        return new Outcome(state, code, message);
    }

    public static Outcome cancelled() {
        return new Outcome(JobState.CANCELLED, null, null);
    }

    /** The job continues from its artifacts, in another generation, when its owner resumes it. */
    public static Outcome paused() {
        return new Outcome(JobState.PAUSED, null, null);
    }

    /** The job's results are there, accepted or not: no other end can take the place of this one. */
    public boolean published() {
        return state == JobState.COMPLETED || state == JobState.QUARANTINED;
    }
}
