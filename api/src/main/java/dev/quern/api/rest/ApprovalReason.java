package dev.quern.api.rest;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import org.jspecify.annotations.Nullable;

/** Why a person accepts a result that its gate refused. */
public final class ApprovalReason {
    private static final int MAX = 500;

    private ApprovalReason() {}

    /**
     * Null where none is given.
     *
     * @throws QuernException INVALID_REQUEST for one that is too long
     */
    public static @Nullable String of(String given) {
        String reason = given.strip();
        if (reason.length() > MAX) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "reason: " + reason.length() + " characters (expected: at most " + MAX + ")");
        }
        return reason.isEmpty() ? null : reason;
    }
}
