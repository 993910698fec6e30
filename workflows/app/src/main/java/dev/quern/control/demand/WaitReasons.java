package dev.quern.control.demand;

import dev.quern.contract.Queues;
import dev.quern.control.WorkerSupply;
import dev.quern.control.workflow.PendingWork;
import dev.quern.jobs.Job;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.view.JobView;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Why jobs wait, and since when. The work of a waiting job is scheduled, and none of it has started. A roll call, which
 * a worker answers at any time, shows whether the workers for it are busy or absent. Confined to one thread.
 */
public final class WaitReasons {
    /** Less is no wait: work is on its way to a worker. */
    private static final Duration UNNOTICED = Duration.ofSeconds(2);
    /** A worker that has just been started takes some seconds until it answers. */
    private static final Duration BOOTING = Duration.ofSeconds(10);

    private final Demands demands;
    private final RollCalls calls;
    private final @Nullable WorkerSupply supply;
    private final Map<UUID, Instant> since = new HashMap<>();

    /** @param supply of the workers that this installation starts itself; null where it starts none */
    WaitReasons(Demands demands, RollCalls calls, @Nullable WorkerSupply supply) {
        this.demands = demands;
        this.calls = calls;
        this.supply = supply;
    }

    /** Empty when the job does not wait for a worker, or it is not known yet for which. */
    public Optional<JobView.Reason> reason(Job job, PendingWork pending) {
        Demand demand = demands.look(job, pending);
        if (demand == null || !pending.standing()) {
            since.remove(job.id());
            return Optional.empty();
        }
        Instant from = since.computeIfAbsent(job.id(), id -> Instant.now());
        if (from.plus(UNNOTICED).isAfter(Instant.now())) {
            return Optional.empty();
        }
        return pending.calls() ? noWorker(demand, from) : forWork(demand, from);
    }

    /** The job does not run, so it waits for no worker. */
    public void forget(Job job) {
        since.remove(job.id());
        demands.forget(job);
    }

    public void forgetAllBut(Collection<Job> jobs) {
        since.keySet().retainAll(jobs.stream().map(Job::id).collect(Collectors.toSet()));
        demands.forgetAllBut(jobs);
    }

    private Optional<JobView.Reason> forWork(Demand demand, Instant from) {
        Optional<Boolean> anyone = calls.present(Queues.calls(demand.workerClass()));
        String profile = demand.profile();
        if (profile == null) {
            return anyone.flatMap(there -> there ? Optional.of(behind(demand, from)) : noWorker(demand, from));
        }
        Optional<Boolean> same = calls.present(Queues.calls(demand.workerClass(), profile));
        if (same.isEmpty() || anyone.isEmpty()) {
            return Optional.empty();
        }
        if (same.get()) {
            return Optional.of(behind(demand, from));
        }
        return anyone.get() ? Optional.of(otherProfile(demand, profile, from)) : noWorker(demand, from);
    }

    private static JobView.Reason behind(Demand demand, Instant from) {
        return new JobView.Reason(
                ReasonCode.QUEUED_BEHIND, from, "Waiting for its turn. Add " + worker(demand) + " to start sooner.");
    }

    private static String worker(Demand demand) {
        return demand.workerClass() == null ? "a worker" : "a worker of class " + demand.workerClass();
    }

    /** That nobody is there, or that those who should be cannot come; empty while one may just be starting. */
    private Optional<JobView.Reason> noWorker(Demand demand, Instant from) {
        boolean served = demand.workerClass() == null || demand.workerClass().equals(WorkerSupply.CLASS);
        WorkerSupply own = served ? supply : null;
        Optional<String> trouble = own == null ? Optional.empty() : own.trouble();
        if (trouble.isPresent()) {
            return Optional.of(new JobView.Reason(ReasonCode.WORKER_FAILED, from, trouble.get()));
        }
        if (from.plus(BOOTING).isAfter(Instant.now())) {
            return Optional.empty();
        }
        String remedy = own == null ? "Start " + worker(demand) + "." : "Quern is starting the worker.";
        return Optional.of(new JobView.Reason(ReasonCode.WAITING_FOR_WORKER, from, remedy));
    }

    private static JobView.Reason otherProfile(Demand demand, String profile, Instant from) {
        return new JobView.Reason(
                ReasonCode.WAITING_FOR_PROFILE,
                from,
                "Start " + worker(demand) + " with numeric profile " + profile.substring(0, 12)
                        + ": the workers that are running would produce different bits. Or set reproducible: false in"
                        + " the recipe.");
    }
}
