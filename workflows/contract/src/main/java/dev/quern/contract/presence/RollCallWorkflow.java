package dev.quern.contract.presence;

import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import org.jspecify.annotations.Nullable;

/** Asks who serves a queue, of a server that does not tell. */
@WorkflowInterface
public interface RollCallWorkflow {
    /**
     * @param queue of the calls to a class, or to a class and profile
     * @return one of those who are there; null when nobody answers within seconds
     */
    @WorkflowMethod(name = "roll-call")
    @Nullable
    Device run(String queue);
}
