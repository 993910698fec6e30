package dev.quern.control.reconcile;

import dev.quern.contract.Outcome;
import dev.quern.control.demand.WaitReasons;
import dev.quern.control.job.Repositories;
import dev.quern.control.job.StepRecorder;
import dev.quern.control.publish.Approvals;
import dev.quern.control.workflow.PendingWork;
import dev.quern.control.workflow.Workflows;
import dev.quern.jobs.Job;
import dev.quern.jobs.Step;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.process.FailPoint;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes Temporal follow the rows. For every row that is not at its end it looks at the workflow of the row's
 * generation: a running one is left alone or told what its owner wants, the outcome of a closed one is copied, a
 * missing one is started, as the next generation if it had been started before. A paused job has none; when its owner
 * wants it to run, its next generation is started. What a job at its end has left is deleted where no workflow does it.
 * So the loss of all that Temporal knows costs a restart, which artifacts make cheap.
 */
final class Reconciler {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
    /** Generations in a row that ended without a block or a measured shard more, whatever they were at. */
    private static final int IDLE_GENERATIONS = 5;
    /** The message to a workflow whose job has used up its time. */
    private static final String GIVE_UP = "GIVE_UP";
    // Steps beyond all that a workflow counts to, in the order in which they may follow each other.
    private static final long PAUSED = Step.LAST - 3;
    private static final long CANCELLING = Step.LAST - 2;
    private static final long CLOSED = Step.LAST - 1;

    private final Repositories rows;
    private final Workflows workflows;
    private final Projector projector;
    private final Approvals approvals;
    private final Leftovers leftovers;
    private final WaitReasons waits;
    private final MeasuredShards shards;
    /** Ids of workflows with the wish that they were told of. */
    private final Set<String> signalled = new HashSet<>();

    Reconciler(
            Repositories rows,
            Workflows workflows,
            Projector projector,
            Approvals approvals,
            Leftovers leftovers,
            WaitReasons waits,
            MeasuredShards shards) {
        this.rows = rows;
        this.workflows = workflows;
        this.projector = projector;
        this.approvals = approvals;
        this.leftovers = leftovers;
        this.waits = waits;
        this.shards = shards;
    }

    /**
     * One round over all rows.
     *
     * @return rows that are not at their end
     */
    int round() {
        var unfinished = rows.jobs().unfinished();
        for (Job job : unfinished) {
            try {
                reconcile(job);
            } catch (RuntimeException e) {
                // One broken job must not hold up the others; the next round tries again.
                LOG.warn("job {}: {}", job.id(), e.toString());
            }
        }
        approvals.publish();
        leftovers.clear();
        projector.forgetAllBut(unfinished);
        waits.forgetAllBut(unfinished);
        return unfinished.size();
    }

    /** The control process ends in order. */
    void leave() {
        rows.steps().left();
    }

    private void reconcile(Job job) {
        if (job.state() == JobState.PAUSED) {
            waits.forget(job);
            paused(job);
            return;
        }
        Optional<DescribeWorkflowExecutionResponse> workflow = workflows.describe(job);
        if (workflow.isEmpty()) {
            waits.forget(job);
            missing(job);
        } else if (Workflows.running(workflow.get())) {
            running(job, workflow.get());
        } else {
            waits.forget(job);
            close(job, workflows.outcome(job));
        }
    }

    private void running(Job job, DescribeWorkflowExecutionResponse workflow) {
        if (!job.run().started()) {
            rows.steps().started(job.id(), job.run().generation());
        }
        rows.steps().foundAgain(job.id(), job.run().generation());
        PendingWork pending = PendingWork.of(workflow);
        if (pending.working()) {
            rows.steps().computing(job.id(), job.run().generation());
        }
        signal(job);
        rows.steps()
                .waits(
                        job.id(),
                        job.run().generation(),
                        waits.reason(job, pending).orElse(null));
        projector.show(job, workflow);
    }

    private void signal(Job job) {
        Desired desired = job.desired();
        if (desired != Desired.RUN) {
            once(job, desired.name(), () -> workflows.signal(job, desired));
        } else {
            TimeLimits.exceeded(job).ifPresent(end -> once(job, GIVE_UP, () -> workflows.giveUp(job, end)));
        }
    }

    private void once(Job job, String what, Runnable signal) {
        String key = Workflows.ref(job).workflowId() + " " + what;
        if (!signalled.contains(key)) {
            LOG.info("job {}: {}", job.id(), what);
            signal.run();
            // Only now: a signal that got lost is sent again, and one that arrives twice changes nothing.
            signalled.add(key);
        }
    }

    private void paused(Job job) {
        switch (job.desired()) {
            case PAUSE -> {}
            case CANCEL -> close(job, Outcome.cancelled());
            case RUN -> {
                LOG.info("job {}: continues", job.id());
                if (rows.steps().resume(job.id(), job.run().generation())) {
                    rows.jobs().find(job.id()).ifPresent(this::start);
                }
            }
        }
    }

    private void missing(Job job) {
        switch (job.desired()) {
            case CANCEL -> close(job, Outcome.cancelled());
            case PAUSE -> close(job, Outcome.paused());
            case RUN -> TimeLimits.exceeded(job).ifPresentOrElse(end -> close(job, end), () -> startAgain(job));
        }
    }

    private void startAgain(Job job) {
        if (!job.run().started()) {
            start(job);
        } else {
            LOG.warn("job {}: Temporal lost {}", job.id(), Workflows.ref(job).workflowId());
            rows.steps().nextGeneration(job.id(), job.run().generation(), shards.count(job));
            rows.jobs().find(job.id()).ifPresent(this::startUnlessIdle);
        }
    }

    /** What takes the service down whenever it starts must not start for ever. */
    private void startUnlessIdle(Job job) {
        if (job.run().idleGenerations() < IDLE_GENERATIONS) {
            start(job);
            return;
        }
        String message = IDLE_GENERATIONS
                + " starts in a row did not add a single block or measurement, the last one was lost in "
                + Objects.requireNonNullElse(job.stage(), Stage.INSPECT)
                + " (expected: a service that lives on; its log says why it did not)";
        close(job, Outcome.failed(JobState.FAILED, "internal", message));
    }

    private void start(Job job) {
        LOG.info("job {}: start {}", job.id(), Workflows.ref(job).workflowId());
        FailPoint.pass("start.before");
        workflows.start(job);
        FailPoint.pass("start.within");
        rows.steps().started(job.id(), job.run().generation());
        FailPoint.pass("start.after");
    }

    private void close(Job job, Outcome outcome) {
        UUID id = job.id();
        JobState state = outcome.state();
        JobState now = rows.jobs().find(id).map(Job::state).orElseThrow();
        if (now.terminal() || now == state) {
            return;
        }
        if (state == JobState.CANCELLED && now != JobState.QUEUED && now != JobState.CANCELLING) {
            rows.steps().project(id, Step.of(job.run().generation(), CANCELLING, JobState.CANCELLING, null));
        }
        LOG.info("job {}: {}", id, state);
        long seq = state == JobState.PAUSED ? PAUSED : CLOSED;
        rows.steps().project(id, StepRecorder.withOutcome(Step.of(job.run().generation(), seq, state, null), outcome));
    }
}
