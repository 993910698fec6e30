package dev.quern.contract;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.FullDisk;
import dev.quern.recipes.error.QuernException;
import io.temporal.client.ActivityCompletionException;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.AccessDeniedException;

/**
 * Errors on their way through Temporal: the kind of an error is its failure type, code and artifact are its details.
 */
public final class Failures {
    public static final String USER = ErrorCode.Kind.USER.name();
    public static final String RESOURCES = ErrorCode.Kind.RESOURCES.name();
    public static final String INTERNAL = ErrorCode.Kind.INTERNAL.name();
    /** An artifact that is not what was committed; the detail after the code is its name. */
    public static final String DAMAGED = "DAMAGED_ARTIFACT";

    /** A worker was offered work while it did other work. This is not a failure of the work. */
    public static final String BUSY = "BUSY";

    /** The number of attempts at work that fails by a defect. */
    public static final int INTERNAL_ATTEMPTS = 3;

    private static final String MAKE_ROOM = "; free some or give it more, then retry the job: what it made is kept";

    private Failures() {}

    /**
     * What an activity throws for this error.
     *
     * @param attempt of the activity, from 1: a defect is not retried for ever
     */
    public static RuntimeException toTemporal(Throwable error, int attempt) {
        return switch (error) {
            // A cancel, or a workflow that is gone: Temporal's own word for it.
            case ActivityCompletionException cancelled -> cancelled;
            case ApplicationFailure known -> known;
            case QuernException known -> failure(known.code(), explain(known), known, attempt);
            case OutOfMemoryError e -> failure(ErrorCode.OUT_OF_MEMORY, "out of memory: " + e.getMessage(), e, attempt);
            case UncheckedIOException wrapped
            when wrapped.getCause() != null -> toTemporal(wrapped.getCause(), attempt);
            case IOException broken -> failure(code(broken), explain(broken), broken, attempt);
            default -> failure(ErrorCode.INTERNAL, error.toString(), error, attempt);
        };
    }

    /** Files, stores and sockets share these types: a store that is full looks like a full disk. */
    private static ErrorCode code(IOException error) {
        if (FullDisk.caused(error)) {
            return ErrorCode.DISK_BUDGET;
        }
        return switch (error) {
            case AccessDeniedException denied -> ErrorCode.FORBIDDEN;
            case SocketException away -> ErrorCode.UNAVAILABLE;
            case SocketTimeoutException slow -> ErrorCode.UNAVAILABLE;
            default -> ErrorCode.INTERNAL;
        };
    }

    private static String explain(QuernException error) {
        String message = String.valueOf(error.getMessage());
        return error.code() == ErrorCode.DISK_BUDGET ? message + MAKE_ROOM : message;
    }

    private static String explain(IOException error) {
        return switch (code(error)) {
            case DISK_BUDGET -> error.getMessage() + " (expected: room)" + MAKE_ROOM;
            case FORBIDDEN ->
                error.getMessage()
                        + " (expected: access; mend credentials, permissions or this machine's clock, then retry the job)";
            case UNAVAILABLE -> String.valueOf(error.getMessage());
            default -> error.toString();
        };
    }

    /** Whether there was no room in the store or in scratch. */
    public static boolean isFullDisk(ApplicationFailure failure) {
        return failure.getDetails().getSize() > 0
                && ErrorCode.DISK_BUDGET.slug().equals(failure.getDetails().get(0, String.class));
    }

    public static RuntimeException damaged(String artifact, Throwable error) {
        return ApplicationFailure.newFailureWithCause(
                String.valueOf(error.getMessage()), DAMAGED, error, ErrorCode.INTERNAL.slug(), artifact);
    }

    public static RuntimeException busy(String worker) {
        return ApplicationFailure.newFailure(worker + ": at work", BUSY, ErrorCode.UNAVAILABLE.slug());
    }

    private static ApplicationFailure failure(ErrorCode code, String message, Throwable cause, int attempt) {
        String type = code.kind().name();
        boolean last = switch (code) {
            // The same job needs the same room tomorrow, and the same library.
            case MEMORY_BUDGET, DISK_BUDGET, NATIVE_LIBRARY -> true;
            default ->
                switch (code.kind()) {
                    case USER -> true;
                    case RESOURCES -> false;
                    case INTERNAL -> attempt >= INTERNAL_ATTEMPTS;
                };
        };
        return last
                ? ApplicationFailure.newNonRetryableFailureWithCause(message, type, cause, code.slug())
                : ApplicationFailure.newFailureWithCause(message, type, cause, code.slug());
    }
}
