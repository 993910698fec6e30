package dev.quern.control.demand;

import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.control.workflow.PendingWork;
import dev.quern.jobs.Job;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which workers running jobs wait for, as of the last look at each. Thread-safe. */
final class Demands {
    private final JobContexts contexts;
    private final Map<UUID, Demand> jobs = new ConcurrentHashMap<>();

    Demands(JobContexts contexts) {
        this.contexts = contexts;
    }

    /** What one running job asks for now; null when it waits for no worker. */
    @Nullable
    Demand look(Job job, PendingWork pending) {
        if (!pending.waiting()) {
            forget(job);
            return null;
        }
        Demand demand = demand(job, pending);
        jobs.put(job.id(), demand);
        return demand;
    }

    private Demand demand(Job job, PendingWork pending) {
        JobContext context = contexts.of(job);
        // The first worker that answers pins the profile: before, any of the class will do.
        boolean any = pending.calls() || !context.reproducible();
        return new Demand(context.workerClass(), any ? null : profile(job, context));
    }

    /** A job keeps its profile, so it is read once. */
    private String profile(Job job, JobContext context) {
        Demand before = jobs.get(job.id());
        String known = before == null ? null : before.profile();
        return known == null ? contexts.profile(context) : known;
    }

    /** The job does not run. */
    void forget(Job job) {
        jobs.remove(job.id());
    }

    void forgetAllBut(Collection<Job> unfinished) {
        jobs.keySet().retainAll(unfinished.stream().map(Job::id).collect(Collectors.toSet()));
    }
}
