package dev.quern.control.workflow;

import dev.quern.contract.CompressionWorkflow;
import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import dev.quern.contract.Queues;
import dev.quern.contract.presence.RollCallWorkflow;
import dev.quern.jobs.Job;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.enums.v1.WorkflowExecutionStatus;
import io.temporal.api.enums.v1.WorkflowIdReusePolicy;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowException;
import io.temporal.client.WorkflowExecutionAlreadyStarted;
import io.temporal.client.WorkflowOptions;
import io.temporal.common.converter.DefaultDataConverter;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** The workflows of jobs as Temporal has them. */
public record Workflows(WorkflowClient client) {
    /** The job's row and present generation, as workflows and activities name them. */
    public static JobRef ref(Job job) {
        return new JobRef(job.tenant(), job.id().toString(), job.run().generation());
    }

    /** Starts the workflow of the row's generation; one that was started already is a success. */
    public void start(Job job) {
        WorkflowOptions options = WorkflowOptions.newBuilder()
                .setTaskQueue(Queues.CONTROL)
                .setWorkflowId(ref(job).workflowId())
                .setWorkflowIdReusePolicy(WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
                .build();
        CompressionWorkflow workflow = client.newWorkflowStub(CompressionWorkflow.class, options);
        try {
            WorkflowClient.start(workflow::run, ref(job));
        } catch (WorkflowExecutionAlreadyStarted e) {
            // By a reconciler that died before it could say so.
        }
    }

    /** Tells a running workflow what the owner of its job wants. */
    public void signal(Job job, Desired desired) {
        CompressionWorkflow workflow = client.newWorkflowStub(CompressionWorkflow.class, ref(job).workflowId());
        switch (desired) {
            case CANCEL -> workflow.cancel();
            case PAUSE -> workflow.pause();
            case RUN ->
                throw new IllegalArgumentException("desired: RUN (expected: what a workflow does not do by itself)");
        }
    }

    /** Tells a running workflow that its job has had its time. */
    public void giveUp(Job job, Outcome end) {
        client.newWorkflowStub(CompressionWorkflow.class, ref(job).workflowId())
                .giveUp(String.valueOf(end.code()), String.valueOf(end.message()));
    }

    /** Whether anybody answers on a queue of calls. */
    public CompletableFuture<Boolean> rollCall(String queue) {
        WorkflowOptions options = WorkflowOptions.newBuilder()
                .setTaskQueue(Queues.CONTROL)
                .setWorkflowId("roll-call-" + UUID.randomUUID())
                .setWorkflowExecutionTimeout(Duration.ofMinutes(1))
                .build();
        RollCallWorkflow workflow = client.newWorkflowStub(RollCallWorkflow.class, options);
        return WorkflowClient.execute(workflow::run, queue).thenApply(Objects::nonNull);
    }

    /** The workflow of the row's generation; empty when Temporal does not know it. */
    public Optional<DescribeWorkflowExecutionResponse> describe(Job job) {
        return describe(ref(job).workflowId());
    }

    /** The workflow of this id; empty when Temporal does not know it. */
    public Optional<DescribeWorkflowExecutionResponse> describe(String workflow) {
        DescribeWorkflowExecutionRequest request = DescribeWorkflowExecutionRequest.newBuilder()
                .setNamespace(client.getOptions().getNamespace())
                .setExecution(WorkflowExecution.newBuilder().setWorkflowId(workflow))
                .build();
        try {
            return Optional.of(client.getWorkflowServiceStubs().blockingStub().describeWorkflowExecution(request));
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    public static boolean running(DescribeWorkflowExecutionResponse workflow) {
        return workflow.getWorkflowExecutionInfo().getStatus()
                == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
    }

    /** What an activity's last heartbeat says; empty before the first. */
    public static <T> Optional<T> details(PendingActivityInfo activity, Class<T> type) {
        if (!activity.hasHeartbeatDetails()) {
            return Optional.empty();
        }
        Optional<Payloads> details = Optional.of(activity.getHeartbeatDetails());
        return Optional.ofNullable(DefaultDataConverter.newDefaultInstance().fromPayloads(0, details, type, type));
    }

    /** How a closed workflow ended; by its own word, or by the lack of one. */
    public Outcome outcome(Job job) {
        try {
            return client.newUntypedWorkflowStub(ref(job).workflowId()).getResult(Outcome.class);
        } catch (WorkflowException e) {
            return Outcome.failed(JobState.FAILED, "internal", "the workflow broke: " + rootMessage(e));
        }
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
