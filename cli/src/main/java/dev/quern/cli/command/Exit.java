package dev.quern.cli.command;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.job.JobState;

/** What a command's exit code says. */
public enum Exit {
    COMPLETED(0),
    FAILED(1),
    QUARANTINED(3),
    USAGE(64),
    BAD_INPUT(65),
    UNREACHABLE(69),
    NO_PERMISSION(77),
    INTERRUPTED(130);

    private final int code;

    Exit(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    public static Exit of(ErrorCode error) {
        return switch (error) {
            case UNAVAILABLE -> UNREACHABLE;
            case UNAUTHENTICATED, FORBIDDEN -> NO_PERMISSION;
            default -> error.kind() == ErrorCode.Kind.USER ? BAD_INPUT : FAILED;
        };
    }

    /** The exit code for the state in which a job ended. */
    public static Exit ofState(JobState state) {
        return switch (state) {
            case COMPLETED -> COMPLETED;
            case QUARANTINED -> QUARANTINED;
            case REJECTED -> BAD_INPUT;
            case QUEUED, RUNNING, PAUSED, CANCELLING, FAILED, CANCELLED -> FAILED;
        };
    }
}
