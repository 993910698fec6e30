package dev.quern.workflows;

import dev.quern.contract.Failures;
import dev.quern.contract.Heartbeat;
import io.temporal.api.enums.v1.TimeoutType;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.failure.TimeoutFailure;
import org.jspecify.annotations.Nullable;

/**
 * What to do after a compute activity failed. A lost worker is nobody's fault and costs no attempt as long as blocks
 * are added; the same block lost twice is taken for a lack of memory.
 */
final class Retries {
    /** Workers lost in a row without one block more. */
    private static final int LOSSES = 5;

    private final int atMost;
    private int tilesInFlight;
    private int defects;
    private int losses;
    private int lostAt = Integer.MIN_VALUE;

    /** What the loop does next. */
    enum Decision {
        AGAIN,
        /** Delete the damaged artifact, then again. */
        REPAIR,
        /** Offer it again: nothing was tried yet. */
        OFFER,
        GIVE_UP
    }

    /** @param atMost defects and repairs that are tried again, the first attempt included */
    Retries(int tilesInFlight, int atMost) {
        this.tilesInFlight = tilesInFlight;
        this.atMost = atMost;
    }

    int tilesInFlight() {
        return tilesInFlight;
    }

    Decision after(ActivityFailure failure) {
        return switch (failure.getCause()) {
            case CanceledFailure cancelled -> Decision.GIVE_UP;
            case TimeoutFailure lost -> afterLoss(block(lost));
            // A full disk is as full for the next attempt.
            case ApplicationFailure error when Failures.isFullDisk(error) -> Decision.GIVE_UP;
            case ApplicationFailure error -> afterError(error.getType());
            case null, default -> afterDefect(Decision.AGAIN);
        };
    }

    /** The name of the damaged artifact; null where the failure is another. */
    static @Nullable String damaged(ActivityFailure failure) {
        return failure.getCause() instanceof ApplicationFailure error
                        && error.getType().equals(Failures.DAMAGED)
                ? error.getDetails().get(1, String.class)
                : null;
    }

    /** Whether no worker took it in the time it was offered. */
    static boolean notTaken(ActivityFailure failure) {
        return failure.getCause() instanceof TimeoutFailure timeout
                && timeout.getTimeoutType() == TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START;
    }

    private Decision afterError(String type) {
        if (type.equals(Failures.BUSY)) {
            return Decision.OFFER;
        }
        if (type.equals(Failures.USER)) {
            return Decision.GIVE_UP;
        }
        if (type.equals(Failures.RESOURCES)) {
            return withLess();
        }
        return afterDefect(type.equals(Failures.DAMAGED) ? Decision.REPAIR : Decision.AGAIN);
    }

    private Decision afterDefect(Decision decision) {
        return ++defects < atMost ? decision : Decision.GIVE_UP;
    }

    private Decision withLess() {
        if (tilesInFlight == 1) {
            return afterDefect(Decision.AGAIN);
        }
        tilesInFlight = tilesInFlight / 2;
        return Decision.AGAIN;
    }

    private Decision afterLoss(int block) {
        losses = block == lostAt ? losses + 1 : 1;
        lostAt = block;
        if (losses >= LOSSES) {
            return Decision.GIVE_UP;
        }
        if (losses >= 2) {
            tilesInFlight = Math.max(1, tilesInFlight / 2);
        }
        return Decision.AGAIN;
    }

    private static int block(TimeoutFailure lost) {
        Heartbeat last = lost.getLastHeartbeatDetails().getSize() == 0
                ? null
                : lost.getLastHeartbeatDetails().get(0, Heartbeat.class);
        return last == null ? -1 : last.block();
    }
}
