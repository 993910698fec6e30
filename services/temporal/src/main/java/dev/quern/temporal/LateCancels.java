package dev.quern.temporal;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.temporal.api.command.v1.Command;
import io.temporal.api.enums.v1.WorkflowTaskFailedCause;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import io.temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryRequest;
import io.temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryResponse;
import io.temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedRequest;
import io.temporal.api.workflowservice.v1.RespondWorkflowTaskFailedRequest;
import io.temporal.api.workflowservice.v1.RespondWorkflowTaskFailedResponse;
import io.temporal.api.workflowservice.v1.WorkflowServiceGrpc.WorkflowServiceImplBase;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds workflow tasks that cancel what has ended before they were answered, and has them made again. What ended is in
 * the server's buffer: it is no longer pending, yet the history that the task was made from does not tell.
 */
final class LateCancels {
    private static final Logger LOG = LoggerFactory.getLogger(LateCancels.class);
    private static final Status REFUSED = Status.INVALID_ARGUMENT.withDescription("UnhandledCommand");
    private static final long ANSWER_SECONDS = 10;
    /**
     * The server's clock fires timers by itself, also between our look and the call: one that is as near as this counts
     * as fired.
     */
    private static final long NEAR_MILLIS = Duration.ofMillis(100).toMillis();

    private final WorkflowServiceImplBase server;

    LateCancels(WorkflowServiceImplBase server) {
        this.server = server;
    }

    static boolean mayBeLate(RespondWorkflowTaskCompletedRequest request) {
        return request.getCommandsList().stream()
                .anyMatch(command -> command.hasRequestCancelActivityTaskCommandAttributes()
                        || command.hasCancelTimerCommandAttributes());
    }

    /**
     * Fails the task if it is late, so that its successor sees what happened.
     *
     * @return what to answer; null when the task may pass
     */
    @Nullable
    Status refusal(RespondWorkflowTaskCompletedRequest request) {
        try {
            if (!late(request)) {
                return null;
            }
        } catch (StatusRuntimeException | IOException e) {
            // A run that is gone, a token that is none: the server has its own words for it.
            return null;
        }
        try {
            fail(request);
            return REFUSED;
        } catch (StatusRuntimeException e) {
            return e.getStatus();
        }
    }

    private boolean late(RespondWorkflowTaskCompletedRequest request) throws IOException {
        WorkflowTask task = WorkflowTask.of(request.getTaskToken());
        List<HistoryEvent> history = history(task);
        // An outdated task: to fail it would fail its successor.
        if (history.size() != task.historySize()) {
            return false;
        }
        Set<String> pending = pendingActivities(task);
        for (Command command : request.getCommandsList()) {
            if (cancelsEndedActivity(command, history, pending) || cancelsFiredTimer(command, history)) {
                LOG.info(
                        "{}: a task that cancels what has ended is made again",
                        task.run().getWorkflowId());
                return true;
            }
        }
        return false;
    }

    private static boolean cancelsEndedActivity(Command command, List<HistoryEvent> history, Set<String> pending) {
        if (!command.hasRequestCancelActivityTaskCommandAttributes()) {
            return false;
        }
        long scheduled = command.getRequestCancelActivityTaskCommandAttributes().getScheduledEventId();
        return history.stream()
                .filter(event -> event.getEventId() == scheduled && event.hasActivityTaskScheduledEventAttributes())
                .anyMatch(event -> !pending.contains(
                        event.getActivityTaskScheduledEventAttributes().getActivityId()));
    }

    private static boolean cancelsFiredTimer(Command command, List<HistoryEvent> history) {
        if (!command.hasCancelTimerCommandAttributes()) {
            return false;
        }
        String id = command.getCancelTimerCommandAttributes().getTimerId();
        long soon = System.currentTimeMillis() + NEAR_MILLIS;
        return history.stream()
                .filter(event -> event.hasTimerStartedEventAttributes()
                        && event.getTimerStartedEventAttributes().getTimerId().equals(id))
                .anyMatch(event -> due(event) <= soon);
    }

    private static long due(HistoryEvent started) {
        return Timestamps.toMillis(started.getEventTime())
                + Durations.toMillis(started.getTimerStartedEventAttributes().getStartToFireTimeout());
    }

    private List<HistoryEvent> history(WorkflowTask task) {
        GetWorkflowExecutionHistoryRequest request = GetWorkflowExecutionHistoryRequest.newBuilder()
                .setNamespace(task.namespace())
                .setExecution(task.run())
                .build();
        GetWorkflowExecutionHistoryResponse answer = ask(server::getWorkflowExecutionHistory, request);
        return answer.getHistory().getEventsList();
    }

    private Set<String> pendingActivities(WorkflowTask task) {
        DescribeWorkflowExecutionRequest request = DescribeWorkflowExecutionRequest.newBuilder()
                .setNamespace(task.namespace())
                .setExecution(task.run())
                .build();
        DescribeWorkflowExecutionResponse answer = ask(server::describeWorkflowExecution, request);
        return answer.getPendingActivitiesList().stream()
                .map(PendingActivityInfo::getActivityId)
                .collect(Collectors.toSet());
    }

    private void fail(RespondWorkflowTaskCompletedRequest request) {
        RespondWorkflowTaskFailedRequest failed = RespondWorkflowTaskFailedRequest.newBuilder()
                .setNamespace(request.getNamespace())
                .setTaskToken(request.getTaskToken())
                .setIdentity(request.getIdentity())
                .setCause(WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND)
                .build();
        RespondWorkflowTaskFailedResponse _ = ask(server::respondWorkflowTaskFailed, failed);
    }

    private static <Q, A> A ask(BiConsumer<Q, StreamObserver<A>> method, Q request) {
        CompletableFuture<A> answer = new CompletableFuture<>();
        method.accept(request, new StreamObserver<>() {
            @Override
            public void onNext(A value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable error) {
                answer.completeExceptionally(error);
            }

            @Override
            public void onCompleted() {}
        });
        try {
            return answer.orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).join();
        } catch (CompletionException e) {
            throw Status.fromThrowable(e).asRuntimeException();
        }
    }
}
