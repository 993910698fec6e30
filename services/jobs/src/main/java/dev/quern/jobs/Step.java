package dev.quern.jobs;

import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.JobView;
import org.jspecify.annotations.Nullable;

/**
 * One write of a workflow, or of the reconciler in its place, to its job's row. Steps are ordered by (generation, seq):
 * of two, the later one stands, in whatever order they arrive.
 *
 * @param stage null leaves the stage as it is
 * @param reason why the job stands still; null clears it ({@code since} is set by the row)
 * @param failure null leaves none
 */
public record Step(
        int generation,
        long seq,
        JobState state,
        @Nullable Stage stage,
        @Nullable Reason reason,
        JobView.@Nullable Failure failure) {
    /** The seq of a step after which its generation writes no more. */
    public static final long LAST = Long.MAX_VALUE;

    /** Why a job stands still and what would help. */
    public record Reason(ReasonCode code, @Nullable String remedy) {}

    public static Step of(int generation, long seq, JobState state, @Nullable Stage stage) {
        return new Step(generation, seq, state, stage, null, null);
    }

    public static Step running(int generation, long seq) {
        return of(generation, seq, JobState.RUNNING, null);
    }

    public Step because(Reason why) {
        return new Step(generation, seq, state, stage, why, failure);
    }

    public Step failedWith(String code, String message) {
        return new Step(generation, seq, state, stage, reason, new JobView.Failure(code, message));
    }
}
