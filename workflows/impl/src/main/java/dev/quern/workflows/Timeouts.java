package dev.quern.workflows;

import dev.quern.contract.Failures;
import dev.quern.contract.Queues;
import dev.quern.contract.Ticker;
import io.temporal.activity.ActivityCancellationType;
import io.temporal.activity.ActivityOptions;
import io.temporal.common.RetryOptions;
import java.time.Duration;

/**
 * Every activity's timeout and retry policy.
 *
 * <pre>
 *            one attempt   heartbeat   attempts                      cancel
 * QUICK      30 s          -           until it works                left to run
 * READING    6 h           30 s        until it works, defects 3     waits for the word
 * COMPUTE    24 h          30 s        1; the workflow decides       waits for the word
 * </pre>
 */
final class Timeouts {
    /** After a cancel, how long to wait for the workers' word: a dead one never answers. */
    static final Duration CANCEL = Duration.ofSeconds(30);
    /** After this a job that no worker took says so. */
    static final Duration WORKER = Duration.ofSeconds(10);

    // The row has to learn how a job stands, however long PostgreSQL is away.
    private static final RetryOptions PATIENT = RetryOptions.newBuilder()
            .setInitialInterval(Duration.ofSeconds(1))
            .setMaximumInterval(Duration.ofSeconds(20))
            .setDoNotRetry(Failures.USER)
            .build();
    private static final RetryOptions NEVER =
            RetryOptions.newBuilder().setMaximumAttempts(1).build();

    /**
     * A write to the row, a look at the store. What takes a moment is not worth cancelling, and cannot be: it never asks. One that still
     * runs when the job was cancelled does no harm: the row passes over a step whose (generation, seq) is behind, figures of blocks are
     * what the artifacts say, a repair deletes only what is damaged, and with the workflow ends whatever waits for another attempt.
     */
    static final ActivityOptions QUICK = ActivityOptions.newBuilder()
            .setTaskQueue(Queues.CONTROL)
            .setStartToCloseTimeout(Duration.ofSeconds(30))
            .setRetryOptions(PATIENT)
            .setCancellationType(ActivityCancellationType.ABANDON)
            .build();

    /** Reads or writes a whole model in the control process. */
    static final ActivityOptions READING = ActivityOptions.newBuilder(QUICK)
            .setStartToCloseTimeout(Duration.ofHours(6))
            .setHeartbeatTimeout(Ticker.TIMEOUT)
            .setCancellationType(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
            .build();

    private Timeouts() {}

    /** Work on a device. Not bounded in the queue: a job waits for a worker as long as its owner lets it. */
    static ActivityOptions compute(String queue) {
        return ActivityOptions.newBuilder()
                .setTaskQueue(queue)
                .setStartToCloseTimeout(Duration.ofHours(24))
                .setHeartbeatTimeout(Ticker.TIMEOUT)
                .setRetryOptions(NEVER)
                .setCancellationType(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
                .build();
    }
}
