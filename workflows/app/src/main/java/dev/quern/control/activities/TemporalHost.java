package dev.quern.control.activities;

import dev.quern.contract.Heartbeat;
import dev.quern.contract.Queues;
import dev.quern.control.register.WorkerRegister;
import dev.quern.workflows.CompressionWorkflowImpl;
import dev.quern.workflows.PresenceWorkflowImpl;
import dev.quern.workflows.RollCallWorkflowImpl;
import io.temporal.client.WorkflowClient;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerOptions;
import java.util.concurrent.TimeUnit;
import org.springframework.context.SmartLifecycle;

/** Hosts the workflow and the control activities while the application runs. */
final class TemporalHost implements SmartLifecycle {
    private static final int ACTIVITIES = 16;
    private static final long GRACE_SECONDS = 5;

    private final WorkerFactory factory;
    private volatile boolean running;

    TemporalHost(WorkflowClient client, ControlActivitiesImpl activities, WorkerRegister register) {
        factory = WorkerFactory.newInstance(client);
        Worker worker = factory.newWorker(
                Queues.CONTROL,
                WorkerOptions.newBuilder()
                        .setMaxConcurrentActivityExecutionSize(ACTIVITIES)
                        .setDefaultHeartbeatThrottleInterval(Heartbeat.PERIOD)
                        .setMaxHeartbeatThrottleInterval(Heartbeat.PERIOD)
                        .build());
        worker.registerWorkflowImplementationTypes(
                CompressionWorkflowImpl.class, RollCallWorkflowImpl.class, PresenceWorkflowImpl.class);
        worker.registerActivitiesImplementations(activities, register);
    }

    @Override
    public void start() {
        factory.start();
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        // What takes a moment may end; what reads a model is done again.
        factory.shutdown();
        factory.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS);
        factory.shutdownNow();
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
