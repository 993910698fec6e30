package dev.quern.control.demand;

import dev.quern.contract.Queues;
import dev.quern.control.WorkerSupply;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.jobs.Job;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.view.JobView;
import io.temporal.api.enums.v1.PendingActivityState;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * For what jobs wait, and since when: the work of one that waits is scheduled, and none of it started. Whether those who could do it
 * are at work or are not there at all, calls tell, which a worker answers at any time.
 */
public final class WaitReasons {
    /** The activities of workers that take a device. */
    public static final Set<String> WORK = Set.of("trace", "compress", "statistics", "solve", "evaluate");

    private static final String CALL = "announce";
    /** Less is no wait: work is on its way to a worker. */
    private static final Duration UNNOTICED = Duration.ofSeconds(2);
    /** A worker that has just been started takes some seconds until it answers. */
    private static final Duration BOOTING = Duration.ofSeconds(10);

    private final JobContexts contexts;
    private final RollCalls calls;
    private final @Nullable WorkerSupply supply;
    private final Map<UUID, Instant> since = new HashMap<>();

    /** @param supply of the workers that this installation starts itself; null where it starts none */
    WaitReasons(JobContexts contexts, RollCalls calls, @Nullable WorkerSupply supply) {
        this.contexts = contexts;
        this.calls = calls;
        this.supply = supply;
    }

    /** Whether a worker is at work for this job. */
    public static boolean working(DescribeWorkflowExecutionResponse workflow) {
        return workflow.getPendingActivitiesList().stream()
                .anyMatch(activity -> WORK.contains(type(activity)) && !unstarted(activity));
    }

    /** Whether there is work for this job, or a question to a worker, that nobody has taken yet, and nothing else is done for it. */
    public static boolean standing(DescribeWorkflowExecutionResponse workflow) {
        return !working(workflow)
                && workflow.getPendingActivitiesList().stream().anyMatch(WaitReasons::waiting);
    }

    /** Empty when the job does not wait for a worker, or nobody could say yet for which. */
    public Optional<JobView.Reason> reason(Job job, DescribeWorkflowExecutionResponse workflow) {
        List<PendingActivityInfo> waiting = workflow.getPendingActivitiesList().stream()
                .filter(WaitReasons::waiting)
                .toList();
        if (!standing(workflow)) {
            since.remove(job.id());
            return Optional.empty();
        }
        Instant from = since.computeIfAbsent(job.id(), id -> Instant.now());
        if (from.plus(UNNOTICED).isAfter(Instant.now())) {
            return Optional.empty();
        }
        JobContext context = contexts.of(job);
        return waiting.stream().anyMatch(activity -> type(activity).equals(CALL))
                ? noWorker(context.workerClass(), from)
                : forWork(context, from);
    }

    public void forgetAllBut(Collection<Job> jobs) {
        since.keySet().retainAll(jobs.stream().map(Job::id).collect(Collectors.toSet()));
    }

    private Optional<JobView.Reason> forWork(JobContext job, Instant from) {
        String workerClass = job.workerClass();
        Optional<Boolean> anyone = calls.present(Queues.calls(workerClass));
        if (!job.reproducible()) {
            return anyone.flatMap(
                    there -> there ? Optional.of(behind(workerClass, from)) : noWorker(workerClass, from));
        }
        String profile = contexts.profile(job);
        Optional<Boolean> same = calls.present(Queues.calls(workerClass, profile));
        if (same.isEmpty() || anyone.isEmpty()) {
            return Optional.empty();
        }
        if (same.get()) {
            return Optional.of(behind(workerClass, from));
        }
        return anyone.get() ? Optional.of(otherProfile(workerClass, profile, from)) : noWorker(workerClass, from);
    }

    private static JobView.Reason behind(@Nullable String workerClass, Instant from) {
        return new JobView.Reason(
                ReasonCode.QUEUED_BEHIND,
                from,
                "Waiting for its turn. Add " + worker(workerClass) + " to start sooner.");
    }

    private static String worker(@Nullable String workerClass) {
        return workerClass == null ? "a worker" : "a worker of class " + workerClass;
    }

    /** That nobody is there, or that those who should be cannot come; empty while one may just be starting. */
    private Optional<JobView.Reason> noWorker(@Nullable String workerClass, Instant from) {
        WorkerSupply own = workerClass == null || workerClass.equals(WorkerSupply.CLASS) ? supply : null;
        Optional<String> trouble = own == null ? Optional.empty() : own.trouble();
        if (trouble.isPresent()) {
            return Optional.of(new JobView.Reason(ReasonCode.WORKER_FAILED, from, trouble.get()));
        }
        if (from.plus(BOOTING).isAfter(Instant.now())) {
            return Optional.empty();
        }
        String remedy = own == null ? "Start " + worker(workerClass) + "." : "Quern is starting the worker.";
        return Optional.of(new JobView.Reason(ReasonCode.WAITING_FOR_WORKER, from, remedy));
    }

    private static JobView.Reason otherProfile(@Nullable String workerClass, String profile, Instant from) {
        return new JobView.Reason(
                ReasonCode.WAITING_FOR_PROFILE,
                from,
                "Start " + worker(workerClass) + " with numeric profile " + profile.substring(0, 12)
                        + ": those that are there make other bits, which a recipe with reproducible: false allows.");
    }

    private static boolean waiting(PendingActivityInfo activity) {
        return unstarted(activity)
                && (WORK.contains(type(activity)) || type(activity).equals(CALL));
    }

    private static boolean unstarted(PendingActivityInfo activity) {
        return activity.getState() == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED;
    }

    private static String type(PendingActivityInfo activity) {
        return activity.getActivityType().getName();
    }
}
