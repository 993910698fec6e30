package dev.quern.control.register;

import dev.quern.contract.presence.Device;
import dev.quern.contract.presence.Occupation;
import dev.quern.contract.presence.PresenceWorkflow;
import dev.quern.contract.presence.RegisterActivities;
import dev.quern.control.task.PeriodicTask;
import dev.quern.control.workflow.Workflows;
import dev.quern.jobs.installation.WorkerRepository;
import dev.quern.recipes.view.WorkerView;
import io.temporal.api.enums.v1.PendingActivityState;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the list of workers: each puts itself on it, and is taken off when the workflow that stands for it has ended or
 * is lost. Several control processes may do this side by side.
 */
public final class WorkerRegister implements RegisterActivities, PeriodicTask.Work {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerRegister.class);

    private final WorkerRepository workers;
    private final Workflows workflows;

    WorkerRegister(WorkerRepository workers, Workflows workflows) {
        this.workers = workers;
        this.workflows = workflows;
    }

    @Override
    public void register(Device device, String workerClass) {
        workers.register(new WorkerRepository.Arrival(
                device.worker(),
                workerClass,
                new WorkerView.Device(
                        Objects.requireNonNullElse(device.id(), "cpu"),
                        device.backend(),
                        device.profile(),
                        device.threads(),
                        device.memoryBytes(),
                        device.hostMemoryBytes(),
                        device.flopsPerSecond(),
                        device.bytesPerSecond())));
    }

    @Override
    public boolean round() {
        try {
            workers.names().forEach(this::look);
        } catch (RuntimeException e) {
            // PostgreSQL or Temporal is away; it may come back.
            LOG.warn("workers: {}", e.toString());
        }
        return false;
    }

    private void look(String worker) {
        Optional<DescribeWorkflowExecutionResponse> presence =
                workflows.describe(PresenceWorkflow.id(worker)).filter(Workflows::running);
        if (presence.isEmpty()) {
            workers.remove(worker);
            LOG.info("worker {}: gone", worker);
            return;
        }
        presence.get().getPendingActivitiesList().stream()
                .filter(activity -> activity.getState() == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED)
                .findFirst()
                .ifPresent(activity -> seen(worker, activity));
    }

    private void seen(String worker, PendingActivityInfo activity) {
        Occupation now = Workflows.details(activity, Occupation.class).orElse(Occupation.NONE);
        workers.seen(worker, now.what(), now.job() == null ? null : UUID.fromString(now.job()));
    }
}
