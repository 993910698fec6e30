package dev.quern.control;

import dev.quern.contract.Outcome;
import dev.quern.jobs.Desired;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobState;
import dev.quern.jobs.Step;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes Temporal follow the rows. For every row that is not at its end it looks at the workflow of the row's generation: a running one
 * is left alone, the outcome of a closed one is copied, a missing one is started, as the next generation if it had been started before.
 * So the loss of all that Temporal knows costs a restart, which artifacts make cheap.
 */
final class Reconciler {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
    /** Generations in a row in which compute started and no block was added. */
    private static final int IDLE_GENERATIONS = 5;
    // Steps beyond all that a workflow counts to, in the order in which they may follow each other.
    private static final long CANCELLING = Step.LAST - 2;
    private static final long CLOSED = Step.LAST - 1;

    private final Rows rows;
    private final Workflows workflows;
    private final Projector projector;
    private final Approvals approvals;
    private final Set<String> signalled = new HashSet<>();

    Reconciler(Rows rows, Workflows workflows, Projector projector, Approvals approvals) {
        this.rows = rows;
        this.workflows = workflows;
        this.projector = projector;
        this.approvals = approvals;
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
        projector.forgetAllBut(unfinished);
        return unfinished.size();
    }

    private void reconcile(Job job) {
        Optional<DescribeWorkflowExecutionResponse> workflow = workflows.describe(job);
        if (workflow.isEmpty()) {
            missing(job);
        } else if (Workflows.running(workflow.get())) {
            running(job, workflow.get());
        } else {
            close(job, workflows.outcome(job));
        }
    }

    private void running(Job job, DescribeWorkflowExecutionResponse workflow) {
        if (!job.started()) {
            rows.steps().started(job.id(), job.generation());
        }
        if (job.desired() == Desired.CANCEL && !signalled.contains(job.workflowId())) {
            LOG.info("job {}: cancel", job.id());
            workflows.cancel(job);
            // Only now: a signal that got lost is sent again, and one that arrives twice changes nothing.
            signalled.add(job.workflowId());
        }
        projector.show(job, workflow);
    }

    private void missing(Job job) {
        if (job.desired() == Desired.CANCEL) {
            close(job, Outcome.cancelled());
        } else if (!job.started()) {
            start(job);
        } else if (job.idleGenerations() >= IDLE_GENERATIONS) {
            close(
                    job,
                    Outcome.failed(
                            "FAILED", "internal", IDLE_GENERATIONS + " restarts in a row did not add a single block"));
        } else {
            LOG.warn("job {}: Temporal lost {}", job.id(), job.workflowId());
            rows.steps().nextGeneration(job.id(), job.generation());
            rows.jobs().find(job.id()).ifPresent(this::start);
        }
    }

    private void start(Job job) {
        LOG.info("job {}: start {}", job.id(), job.workflowId());
        workflows.start(job);
        rows.steps().started(job.id(), job.generation());
    }

    private void close(Job job, Outcome outcome) {
        UUID id = job.id();
        JobState state = JobState.valueOf(outcome.state());
        JobState now = rows.jobs().find(id).map(Job::state).orElseThrow();
        if (now.terminal()) {
            return;
        }
        if (state == JobState.CANCELLED && now != JobState.QUEUED && now != JobState.CANCELLING) {
            rows.steps().project(id, Step.of(job.generation(), CANCELLING, JobState.CANCELLING, null));
        }
        LOG.info("job {}: {}", id, state);
        rows.steps().project(id, StepRecorder.withOutcome(Step.of(job.generation(), CLOSED, state, null), outcome));
    }
}
