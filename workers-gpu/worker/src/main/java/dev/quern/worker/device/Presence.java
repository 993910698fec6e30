package dev.quern.worker.device;

import dev.quern.contract.Queues;
import dev.quern.contract.presence.Device;
import dev.quern.contract.presence.Occupation;
import dev.quern.contract.presence.PresenceActivities;
import dev.quern.contract.presence.PresenceWorkflow;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowExecutionAlreadyStarted;
import io.temporal.client.WorkflowOptions;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the control process that this worker is there, and what it does, until it is closed or the process dies. */
public final class Presence implements PresenceActivities, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Presence.class);
    private static final Duration BEAT = Duration.ofSeconds(5);
    /**
     * Between two looks whether the workflow runs: Temporal may have lost it, or the worker was cut off for a while.
     */
    private static final Duration RENEWAL = Duration.ofSeconds(15);

    private final CountDownLatch stop = new CountDownLatch(1);
    private volatile Occupation now = Occupation.NONE;

    /** Appears on the list of workers, and appears again when it was taken off. */
    public void announce(WorkflowClient client, Device device, String workerClass) {
        Thread.ofPlatform().daemon().name("presence").start(() -> {
            try {
                do {
                    start(client, device, workerClass);
                } while (!stop.await(RENEWAL.toMillis(), TimeUnit.MILLISECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void start(WorkflowClient client, Device device, String workerClass) {
        WorkflowOptions options = WorkflowOptions.newBuilder()
                .setTaskQueue(Queues.CONTROL)
                .setWorkflowId(PresenceWorkflow.id(device.worker()))
                .build();
        PresenceWorkflow workflow = client.newWorkflowStub(PresenceWorkflow.class, options);
        try {
            WorkflowClient.start(workflow::run, device, workerClass);
        } catch (WorkflowExecutionAlreadyStarted e) {
            // It runs.
        } catch (RuntimeException e) {
            LOG.debug("presence: {}", e.toString());
        }
    }

    /** What the worker begins to do. */
    public void begin(String job, String what) {
        now = new Occupation(job, what);
    }

    /** It has nothing to do. */
    public void rest() {
        now = Occupation.NONE;
    }

    @Override
    public void stay() {
        ActivityExecutionContext activity = Activity.getExecutionContext();
        try {
            do {
                activity.heartbeat(now);
            } while (!stop.await(BEAT.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop.countDown();
    }
}
