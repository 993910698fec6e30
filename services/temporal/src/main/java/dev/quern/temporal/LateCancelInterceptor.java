package dev.quern.temporal;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedRequest;
import io.temporal.api.workflowservice.v1.WorkflowServiceGrpc;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * Mends a race that Temporal's in-process server loses. A workflow task may cancel an activity that is answered while
 * the task is in flight. A real server knows; this one answers {@code ACTIVITY_UNKNOWN}, or an invalid state where it
 * is a timer, and its half changed state fails every later task of that workflow. So such a task is refused before the
 * server sees it, as a real server refuses a task that ends a workflow with events to come: the workflow gets another
 * one.
 *
 * <p>Between the look and the call no activity is answered. One that times out in those microseconds, by the server's
 * own clock, is not seen.
 */
final class LateCancelInterceptor implements ServerInterceptor {
    private static final String TASK_COMPLETED =
            WorkflowServiceGrpc.getRespondWorkflowTaskCompletedMethod().getFullMethodName();
    private static final Set<String> ACTIVITY_ANSWERED = Set.of(
            WorkflowServiceGrpc.getRespondActivityTaskCompletedMethod().getFullMethodName(),
            WorkflowServiceGrpc.getRespondActivityTaskCompletedByIdMethod().getFullMethodName(),
            WorkflowServiceGrpc.getRespondActivityTaskFailedMethod().getFullMethodName(),
            WorkflowServiceGrpc.getRespondActivityTaskFailedByIdMethod().getFullMethodName(),
            WorkflowServiceGrpc.getRespondActivityTaskCanceledMethod().getFullMethodName(),
            WorkflowServiceGrpc.getRespondActivityTaskCanceledByIdMethod().getFullMethodName());

    private final LateCancels lateCancels;
    /** Answers go side by side; a task that cancels goes alone. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    LateCancelInterceptor(LateCancels lateCancels) {
        this.lateCancels = lateCancels;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String method = call.getMethodDescriptor().getFullMethodName();
        ServerCall.Listener<Q> listener = next.startCall(call, headers);
        if (method.equals(TASK_COMPLETED)) {
            return new Completion<>(call, listener);
        }
        return ACTIVITY_ANSWERED.contains(method) ? new Answer<>(listener) : listener;
    }

    /** The service runs inside of {@code onHalfClose}, to its end. */
    private final class Answer<Q> extends SimpleForwardingServerCallListener<Q> {
        Answer(ServerCall.Listener<Q> next) {
            super(next);
        }

        @Override
        public void onHalfClose() {
            Lock shared = lock.readLock();
            shared.lock();
            try {
                super.onHalfClose();
            } finally {
                shared.unlock();
            }
        }
    }

    private final class Completion<Q, A> extends SimpleForwardingServerCallListener<Q> {
        private final ServerCall<Q, A> call;
        private @Nullable RespondWorkflowTaskCompletedRequest request;

        Completion(ServerCall<Q, A> call, ServerCall.Listener<Q> next) {
            super(next);
            this.call = call;
        }

        @Override
        public void onMessage(Q message) {
            request = (RespondWorkflowTaskCompletedRequest) message;
            super.onMessage(message);
        }

        @Override
        public void onHalfClose() {
            if (request == null || !LateCancels.mayBeLate(request)) {
                super.onHalfClose();
                return;
            }
            Lock alone = lock.writeLock();
            alone.lock();
            try {
                Status refusal = lateCancels.refusal(request);
                if (refusal == null) {
                    super.onHalfClose();
                } else {
                    call.close(refusal, new Metadata());
                }
            } finally {
                alone.unlock();
            }
        }
    }
}
