package dev.quern.workflows;

import dev.quern.contract.Failures;
import dev.quern.contract.Outcome;
import dev.quern.contract.Published;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.job.JobState;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.failure.TimeoutFailure;
import org.jspecify.annotations.Nullable;

/** What the end of the work means for the job. */
final class Outcomes {
    private static final String INTERNAL_CODE = "internal";

    private Outcomes() {}

    static Outcome of(Published published) {
        return published.accepted()
                ? new Outcome(JobState.COMPLETED, null, null)
                : new Outcome(JobState.QUARANTINED, "gate-failed", published.message());
    }

    static Outcome of(@Nullable Outcome outcome, @Nullable RuntimeException failure) {
        if (outcome != null) {
            return outcome;
        }
        return failure == null ? Outcome.cancelled() : of(failure);
    }

    /** In a sentence, for the owner. */
    static String explain(ActivityFailure failure) {
        return String.valueOf(of(failure).message());
    }

    private static Outcome of(Throwable failure) {
        return switch (failure) {
            case CanceledFailure cancelled -> Outcome.cancelled();
            case ActivityFailure activity when activity.getCause() != null -> of(activity.getCause());
            case TimeoutFailure timeout -> Outcome.failed(JobState.FAILED, INTERNAL_CODE, "a worker was lost");
            case ApplicationFailure error ->
                Outcome.failed(
                        isOfInput(error) ? JobState.REJECTED : JobState.FAILED,
                        code(error),
                        error.getOriginalMessage());
            default -> Outcome.failed(JobState.FAILED, INTERNAL_CODE, String.valueOf(failure.getMessage()));
        };
    }

    /** Not where a store or a folder refuses us: with other permissions the same job succeeds. */
    private static boolean isOfInput(ApplicationFailure error) {
        return error.getType().equals(Failures.USER) && !code(error).equals(ErrorCode.FORBIDDEN.slug());
    }

    private static String code(ApplicationFailure error) {
        return error.getDetails().getSize() == 0
                ? INTERNAL_CODE
                : error.getDetails().get(0, String.class);
    }
}
