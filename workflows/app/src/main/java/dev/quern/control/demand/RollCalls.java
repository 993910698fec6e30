package dev.quern.control.demand;

import dev.quern.control.workflow.Workflows;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Which queues of calls are answered, as of lately; asked while the caller does other things. */
final class RollCalls {
    /** Workers come and go; and a question costs a small workflow. */
    private static final Duration FRESH = Duration.ofSeconds(10);

    private final Workflows workflows;
    private final Map<String, Call> calls = new HashMap<>();

    /** A question that was asked, its answer, and the answer before. */
    private record Call(
            Instant asked,
            CompletableFuture<Boolean> answer,
            @Nullable Boolean before) {
        @Nullable
        Boolean latest() {
            return (answer.isDone() && !answer.isCompletedExceptionally()) ? answer.getNow(false) : before;
        }
    }

    RollCalls(Workflows workflows) {
        this.workflows = workflows;
    }

    /** Whether anybody is there; empty until the first answer has come. */
    Optional<Boolean> present(String queue) {
        Call call = calls.get(queue);
        if (call == null || (call.answer().isDone() && call.asked().plus(FRESH).isBefore(Instant.now()))) {
            call = new Call(Instant.now(), workflows.rollCall(queue), call == null ? null : call.latest());
            calls.put(queue, call);
        }
        return Optional.ofNullable(call.latest());
    }
}
