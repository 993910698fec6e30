package dev.quern.workflows;

import dev.quern.contract.Failures;
import dev.quern.contract.Heartbeat;
import dev.quern.contract.Queues;
import io.temporal.activity.ActivityCancellationType;
import io.temporal.activity.ActivityOptions;
import io.temporal.common.Priority;
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
 * PRESENCE   a year        30 s        1                             -
 * </pre>
 */
final class Timeouts {
    /** After a cancel, how long to wait for the workers' word: a dead one never answers. */
    static final Duration CANCEL = Duration.ofSeconds(30);
    /** For a worker to take what follows on its own work, before others may. */
    static final Duration WARM = Duration.ofSeconds(5);

    /** The time in which a worker has to begin its heartbeats; one that died in the meantime never does. */
    private static final Duration ARRIVAL = Duration.ofMinutes(1);
    /** For a worker to answer a call. */
    private static final Duration ANSWER = Duration.ofSeconds(5);

    // The row has to learn how a job stands, however long PostgreSQL is away.
    private static final RetryOptions PATIENT = RetryOptions.newBuilder()
            .setInitialInterval(Duration.ofSeconds(1))
            .setMaximumInterval(Duration.ofSeconds(20))
            // A damaged artifact stays damaged until the workflow has it made again.
            .setDoNotRetry(Failures.USER, Failures.DAMAGED)
            .build();
    private static final RetryOptions NEVER =
            RetryOptions.newBuilder().setMaximumAttempts(1).build();

    /**
     * A write to the row, a look at the store. What takes a moment is not worth cancelling, and cannot be: it never
     * asks. One that still runs when the job was cancelled does no harm: the row passes over a step whose (generation,
     * seq) is behind, and with the workflow ends whatever waits for another attempt.
     */
    static final ActivityOptions QUICK = ActivityOptions.newBuilder()
            .setTaskQueue(Queues.CONTROL)
            .setStartToCloseTimeout(Duration.ofSeconds(30))
            .setRetryOptions(PATIENT)
            .setCancellationType(ActivityCancellationType.ABANDON)
            .build();

    /** Reads or writes a whole model, or the blocks of a slice, in the control process. */
    static final ActivityOptions READING = ActivityOptions.newBuilder(QUICK)
            .setStartToCloseTimeout(Duration.ofHours(6))
            .setHeartbeatTimeout(Heartbeat.TIMEOUT)
            .setCancellationType(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
            .build();

    private Timeouts() {}

    /** A word from a worker. Not bounded in the queue: a job waits for a worker as long as its owner lets it. */
    static ActivityOptions call(String queue) {
        return ActivityOptions.newBuilder(QUICK).setTaskQueue(queue).build();
    }

    /** The same, of those who are there now. */
    static ActivityOptions rollCall(String queue) {
        return ActivityOptions.newBuilder(call(queue))
                .setScheduleToCloseTimeout(ANSWER)
                .setRetryOptions(NEVER)
                .build();
    }

    /** As long as a worker lives. */
    static ActivityOptions presence(String queue) {
        return ActivityOptions.newBuilder()
                .setTaskQueue(queue)
                .setScheduleToStartTimeout(ARRIVAL)
                .setStartToCloseTimeout(Duration.ofDays(365))
                .setHeartbeatTimeout(Heartbeat.TIMEOUT)
                .setRetryOptions(NEVER)
                .build();
    }

    /** Work on a device, as patient. */
    static ActivityOptions compute(String queue, int priority) {
        return ActivityOptions.newBuilder()
                .setPriority(Priority.newBuilder().setPriorityKey(priority).build())
                .setTaskQueue(queue)
                .setStartToCloseTimeout(Duration.ofHours(24))
                .setHeartbeatTimeout(Heartbeat.TIMEOUT)
                .setRetryOptions(NEVER)
                .setCancellationType(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
                .build();
    }

    /** The same, offered for a short time to the worker that did what comes before. */
    static ActivityOptions warm(String queue, int priority) {
        return ActivityOptions.newBuilder(compute(queue, priority))
                .setScheduleToStartTimeout(WARM)
                .build();
    }
}
