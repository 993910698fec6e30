package dev.quern.contract;

import dev.quern.recipes.job.JobState;
import org.jspecify.annotations.Nullable;

/**
 * How a generation of a job ended.
 *
 * @param state COMPLETED, QUARANTINED, REJECTED, FAILED, CANCELLED, or PAUSED: no end of the job
 * @param code a slug of {@code ErrorCode}; null where there is nothing to explain
 * @param message for the owner, beside a code
 * @param location of the result in the store; null where there is none
 * @param digest of the result
 */
public record Outcome(
        JobState state,
        @Nullable String code,
        @Nullable String message,
        @Nullable String location,
        @Nullable String digest) {
    public static Outcome failed(JobState state, String code, String message) {
        return new Outcome(state, code, message, null, null);
    }

    public static Outcome cancelled() {
        return new Outcome(JobState.CANCELLED, null, null, null, null);
    }

    /** The job continues from its artifacts, in another generation, when its owner resumes it. */
    public static Outcome paused() {
        return new Outcome(JobState.PAUSED, null, null, null, null);
    }
}
