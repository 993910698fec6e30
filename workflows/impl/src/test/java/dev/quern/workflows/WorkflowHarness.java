package dev.quern.workflows;

import dev.quern.contract.CompressionWorkflow;
import dev.quern.contract.JobRef;
import dev.quern.contract.Queues;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The workflow on Temporal's in-process server, with a control process and a worker that only say that they did
 * something.
 */
final class WorkflowHarness implements BeforeEachCallback, AfterEachCallback {
    private final FakeControl control = new FakeControl();
    private final FakeWorker device = new FakeWorker("w1");
    private @Nullable TestWorkflowEnvironment temporal;

    FakeControl control() {
        return control;
    }

    FakeWorker device() {
        return device;
    }

    @Override
    public void beforeEach(ExtensionContext test) {
        temporal = TestWorkflowEnvironment.newInstance(TestEnvironmentOptions.newBuilder()
                // A history names who worked: not the machine that it was recorded on.
                .setWorkflowClientOptions(WorkflowClientOptions.newBuilder()
                        .setIdentity("recorder")
                        .build())
                .build());
        // As the real worker has it: with the SDK's own intervals a cancel would be heard after 24 s.
        WorkerOptions prompt = WorkerOptions.newBuilder()
                .setDefaultHeartbeatThrottleInterval(Duration.ofMillis(100))
                .setMaxHeartbeatThrottleInterval(Duration.ofMillis(100))
                .build();
        Worker host = temporal.newWorker(Queues.CONTROL, prompt);
        host.registerWorkflowImplementationTypes(CompressionWorkflowImpl.class);
        host.registerActivitiesImplementations(control);
        for (String queue : List.of(Queues.calls("cpu"), Queues.ofProfile("cpu", "p1"), Queues.ofWorker("w1"))) {
            temporal.newWorker(queue, prompt).registerActivitiesImplementations(device);
        }
        temporal.start();
    }

    @Override
    public void afterEach(ExtensionContext test) {
        temporal().close();
    }

    CompressionWorkflow workflow(JobRef job) {
        WorkflowOptions options = WorkflowOptions.newBuilder()
                .setTaskQueue(Queues.CONTROL)
                .setWorkflowId(job.workflowId())
                .build();
        return temporal().getWorkflowClient().newWorkflowStub(CompressionWorkflow.class, options);
    }

    List<HistoryEvent> events(JobRef job) {
        return temporal().getWorkflowClient().fetchHistory(job.workflowId()).getEvents();
    }

    /** Keeps a history for {@link ReplayTest}. */
    void record(JobRef job, String name) throws IOException {
        String folder = System.getProperty("quern.record");
        if (folder != null) {
            String history = temporal()
                    .getWorkflowClient()
                    .fetchHistory(job.workflowId())
                    .toJson(true);
            Files.writeString(Path.of(folder, name + ".json"), history + "\n");
        }
    }

    private TestWorkflowEnvironment temporal() {
        if (temporal == null) {
            throw new IllegalStateException("temporal: not started");
        }
        return temporal;
    }
}
