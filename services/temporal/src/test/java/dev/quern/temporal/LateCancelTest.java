package dev.quern.temporal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.util.Durations;
import dev.quern.testing.Await;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.temporal.api.command.v1.CancelTimerCommandAttributes;
import io.temporal.api.command.v1.Command;
import io.temporal.api.command.v1.CompleteWorkflowExecutionCommandAttributes;
import io.temporal.api.command.v1.RequestCancelActivityTaskCommandAttributes;
import io.temporal.api.command.v1.ScheduleActivityTaskCommandAttributes;
import io.temporal.api.command.v1.StartTimerCommandAttributes;
import io.temporal.api.common.v1.ActivityType;
import io.temporal.api.common.v1.RetryPolicy;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.common.v1.WorkflowType;
import io.temporal.api.enums.v1.CommandType;
import io.temporal.api.enums.v1.EventType;
import io.temporal.api.enums.v1.WorkflowExecutionStatus;
import io.temporal.api.failure.v1.ApplicationFailureInfo;
import io.temporal.api.failure.v1.Failure;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.api.taskqueue.v1.TaskQueue;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.api.workflowservice.v1.PollActivityTaskQueueRequest;
import io.temporal.api.workflowservice.v1.PollWorkflowTaskQueueRequest;
import io.temporal.api.workflowservice.v1.PollWorkflowTaskQueueResponse;
import io.temporal.api.workflowservice.v1.RespondActivityTaskCompletedByIdRequest;
import io.temporal.api.workflowservice.v1.RespondActivityTaskCompletedRequest;
import io.temporal.api.workflowservice.v1.RespondActivityTaskFailedRequest;
import io.temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedRequest;
import io.temporal.api.workflowservice.v1.SignalWorkflowExecutionRequest;
import io.temporal.api.workflowservice.v1.StartWorkflowExecutionRequest;
import io.temporal.api.workflowservice.v1.WorkflowServiceGrpc.WorkflowServiceBlockingStub;
import io.temporal.authorization.AuthorizationGrpcMetadataProvider;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A workflow by hand: it has one activity and one timer, and gets a task, by a signal, that cancels one of them. */
@Timeout(60)
class LateCancelTest {
    private static final String NAMESPACE = "default";
    private static final String ACTIVITY = "the-activity";
    private static final String TIMER = "the-timer";
    private static final TaskQueue QUEUE =
            TaskQueue.newBuilder().setName("queue").build();
    private static final WorkflowExecution RUN =
            WorkflowExecution.newBuilder().setWorkflowId("run").build();

    private TemporalServer server;
    private WorkflowServiceStubs stubs;

    @BeforeEach
    void start() throws IOException {
        server = TemporalServer.start("the-key");
        stubs = WorkflowServiceStubs.newServiceStubs(WorkflowServiceStubsOptions.newBuilder()
                .setTarget(server.address())
                .addGrpcMetadataProvider(new AuthorizationGrpcMetadataProvider(() -> "Bearer the-key"))
                .build());
    }

    @AfterEach
    void stop() {
        stubs.shutdownNow();
        server.close();
    }

    @Test
    void anActivityThatCompletedMeanwhile() {
        PollWorkflowTaskQueueResponse task = taskAfter(schedule(60), timer(60));
        complete(takeActivity());

        refused(task, cancelActivity(task));
        endsWith(EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED);
    }

    @Test
    void anActivityThatWasCompletedByItsNameMeanwhile() {
        PollWorkflowTaskQueueResponse task = taskAfter(schedule(60), timer(60));
        takeActivity();
        temporal()
                .respondActivityTaskCompletedById(RespondActivityTaskCompletedByIdRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setWorkflowId(RUN.getWorkflowId())
                        .setActivityId(ACTIVITY)
                        .build());

        refused(task, cancelActivity(task));
        endsWith(EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED);
    }

    @Test
    void anActivityThatFailedMeanwhile() {
        PollWorkflowTaskQueueResponse task = taskAfter(schedule(60), timer(60));
        temporal()
                .respondActivityTaskFailed(RespondActivityTaskFailedRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setTaskToken(takeActivity())
                        .setFailure(Failure.newBuilder()
                                .setApplicationFailureInfo(ApplicationFailureInfo.getDefaultInstance()))
                        .build());

        refused(task, cancelActivity(task));
        endsWith(EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED);
    }

    @Test
    void anActivityThatTimedOutMeanwhile() {
        PollWorkflowTaskQueueResponse task = taskAfter(schedule(2), timer(60));
        awaitTimeout();

        refused(task, cancelActivity(task));
        endsWith(EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT);
    }

    @Test
    void aTimerThatFiredMeanwhile() {
        // The server does not say when a timer fires, but that an activity has timed out, which is later.
        PollWorkflowTaskQueueResponse task = taskAfter(timer(2), schedule(3));
        awaitTimeout();

        refused(task, cancelTimer());
        endsWith(EventType.EVENT_TYPE_TIMER_FIRED);
    }

    @Test
    void aRefusedTaskHasDoneNothing() {
        PollWorkflowTaskQueueResponse task = taskAfter(schedule(60), timer(60));
        complete(takeActivity());

        refused(task, cancelTimer(), cancelActivity(task));
        PollWorkflowTaskQueueResponse next = poll();
        assertThat(next.getHistory().getEventsList())
                .extracting(HistoryEvent::getEventType)
                .doesNotContain(EventType.EVENT_TYPE_TIMER_CANCELED);
        respond(next, cancelTimer(), end());
        assertEnded();
    }

    @Test
    void whatIsPendingIsCancelled() {
        PollWorkflowTaskQueueResponse task = taskAfter(schedule(60), timer(60));
        takeActivity();

        respond(task, cancelActivity(task), cancelTimer());

        assertThat(pendingActivities()).containsExactly(ACTIVITY);
    }

    /** Its successor is in flight already, and must not pay for it. */
    @Test
    void anOutdatedTaskIsLeftToTheServer() {
        PollWorkflowTaskQueueResponse task = taskAfter(schedule(60), timer(60));
        complete(takeActivity());
        refused(task, cancelActivity(task));
        PollWorkflowTaskQueueResponse next = poll();

        assertThatThrownBy(() -> respond(task, cancelActivity(task)))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
        respond(next, end());
        assertEnded();
    }

    private void refused(PollWorkflowTaskQueueResponse task, Command... commands) {
        assertThatThrownBy(() -> respond(task, commands))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus())
                                .returns(Status.Code.INVALID_ARGUMENT, Status::getCode)
                                .returns("UnhandledCommand", Status::getDescription));
    }

    /** The next task sees what happened, and the workflow can end. */
    private void endsWith(EventType seen) {
        PollWorkflowTaskQueueResponse next = poll();
        assertThat(next.getHistory().getEventsList())
                .extracting(HistoryEvent::getEventType)
                .contains(EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, seen);
        respond(next, end());
        assertEnded();
    }

    private void assertEnded() {
        assertThat(temporal()
                        .describeWorkflowExecution(DescribeWorkflowExecutionRequest.newBuilder()
                                .setNamespace(NAMESPACE)
                                .setExecution(RUN)
                                .build())
                        .getWorkflowExecutionInfo()
                        .getStatus())
                .isEqualTo(WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED);
    }

    /** Starts the workflow, whose first task has these commands, and takes the task that a signal causes. */
    private PollWorkflowTaskQueueResponse taskAfter(Command... commands) {
        temporal()
                .startWorkflowExecution(StartWorkflowExecutionRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setRequestId(UUID.randomUUID().toString())
                        .setWorkflowId(RUN.getWorkflowId())
                        .setWorkflowType(WorkflowType.newBuilder().setName("by-hand"))
                        .setTaskQueue(QUEUE)
                        .setWorkflowTaskTimeout(Durations.fromSeconds(50))
                        .build());
        respond(poll(), commands);
        temporal()
                .signalWorkflowExecution(SignalWorkflowExecutionRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setWorkflowExecution(RUN)
                        .setSignalName("cancel")
                        .build());
        return poll();
    }

    private PollWorkflowTaskQueueResponse poll() {
        return temporal()
                .pollWorkflowTaskQueue(PollWorkflowTaskQueueRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setTaskQueue(QUEUE)
                        .build());
    }

    private ByteString takeActivity() {
        return temporal()
                .pollActivityTaskQueue(PollActivityTaskQueueRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setTaskQueue(QUEUE)
                        .build())
                .getTaskToken();
    }

    private void complete(ByteString activity) {
        temporal()
                .respondActivityTaskCompleted(RespondActivityTaskCompletedRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setTaskToken(activity)
                        .build());
    }

    private void respond(PollWorkflowTaskQueueResponse task, Command... commands) {
        temporal()
                .respondWorkflowTaskCompleted(RespondWorkflowTaskCompletedRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setTaskToken(task.getTaskToken())
                        .addAllCommands(List.of(commands))
                        .build());
    }

    private void awaitTimeout() {
        Await.within(Duration.ofSeconds(30), "the activity times out")
                .until(() -> pendingActivities().isEmpty());
    }

    private List<String> pendingActivities() {
        return temporal()
                .describeWorkflowExecution(DescribeWorkflowExecutionRequest.newBuilder()
                        .setNamespace(NAMESPACE)
                        .setExecution(RUN)
                        .build())
                .getPendingActivitiesList()
                .stream()
                .map(activity -> activity.getActivityId())
                .toList();
    }

    private WorkflowServiceBlockingStub temporal() {
        return stubs.blockingStub();
    }

    private static Command schedule(int timeoutSeconds) {
        return Command.newBuilder()
                .setCommandType(CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK)
                .setScheduleActivityTaskCommandAttributes(ScheduleActivityTaskCommandAttributes.newBuilder()
                        .setActivityId(ACTIVITY)
                        .setActivityType(ActivityType.newBuilder().setName("work"))
                        .setTaskQueue(QUEUE)
                        .setScheduleToCloseTimeout(Durations.fromSeconds(timeoutSeconds))
                        .setRetryPolicy(RetryPolicy.newBuilder().setMaximumAttempts(1)))
                .build();
    }

    private static Command timer(int seconds) {
        return Command.newBuilder()
                .setCommandType(CommandType.COMMAND_TYPE_START_TIMER)
                .setStartTimerCommandAttributes(StartTimerCommandAttributes.newBuilder()
                        .setTimerId(TIMER)
                        .setStartToFireTimeout(Durations.fromSeconds(seconds)))
                .build();
    }

    private static Command cancelActivity(PollWorkflowTaskQueueResponse task) {
        long scheduled = task.getHistory().getEventsList().stream()
                .filter(HistoryEvent::hasActivityTaskScheduledEventAttributes)
                .findFirst()
                .orElseThrow()
                .getEventId();
        return Command.newBuilder()
                .setCommandType(CommandType.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK)
                .setRequestCancelActivityTaskCommandAttributes(
                        RequestCancelActivityTaskCommandAttributes.newBuilder().setScheduledEventId(scheduled))
                .build();
    }

    private static Command cancelTimer() {
        return Command.newBuilder()
                .setCommandType(CommandType.COMMAND_TYPE_CANCEL_TIMER)
                .setCancelTimerCommandAttributes(
                        CancelTimerCommandAttributes.newBuilder().setTimerId(TIMER))
                .build();
    }

    private static Command end() {
        return Command.newBuilder()
                .setCommandType(CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION)
                .setCompleteWorkflowExecutionCommandAttributes(
                        CompleteWorkflowExecutionCommandAttributes.getDefaultInstance())
                .build();
    }
}
