package dev.quern.workflows;

import dev.quern.contract.ComputeActivities;
import dev.quern.contract.presence.Device;
import dev.quern.contract.presence.RollCallWorkflow;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Workflow;
import org.jspecify.annotations.Nullable;

/** One question, one answer or none. */
public final class RollCallWorkflowImpl implements RollCallWorkflow {
    @Override
    public @Nullable Device run(String queue) {
        try {
            return Workflow.newActivityStub(ComputeActivities.class, Timeouts.rollCall(queue))
                    .announce();
        } catch (ActivityFailure nobody) {
            return null;
        }
    }
}
