package dev.quern.contract.presence;

import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;

/** Runs as long as a worker is there. Each worker starts its own. */
@WorkflowInterface
public interface PresenceWorkflow {
    /** @param workerClass for example {@code cpu} */
    @WorkflowMethod(name = "presence")
    void run(Device device, String workerClass);

    /** The id of a worker's workflow. */
    static String id(String worker) {
        return "worker-" + worker;
    }
}
