package dev.quern.workflows;

import dev.quern.contract.Queues;
import dev.quern.contract.presence.Device;
import dev.quern.contract.presence.PresenceActivities;
import dev.quern.contract.presence.PresenceWorkflow;
import dev.quern.contract.presence.RegisterActivities;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Workflow;

/** Puts a worker on the list, then waits for its end or its silence. */
public final class PresenceWorkflowImpl implements PresenceWorkflow {
    private final RegisterActivities list = Workflow.newActivityStub(RegisterActivities.class, Timeouts.QUICK);

    @Override
    public void run(Device device, String workerClass) {
        list.register(device, workerClass);
        try {
            Workflow.newActivityStub(PresenceActivities.class, Timeouts.presence(Queues.presence(device.worker())))
                    .stay();
        } catch (ActivityFailure silent) {
            // As good as its end. A worker that was only cut off starts the next workflow.
        }
    }
}
