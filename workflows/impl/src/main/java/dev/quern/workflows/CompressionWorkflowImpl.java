package dev.quern.workflows;

import dev.quern.contract.CompressionWorkflow;
import dev.quern.contract.ComputeActivities;
import dev.quern.contract.ControlActivities;
import dev.quern.contract.Failures;
import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import dev.quern.contract.Published;
import dev.quern.contract.Queues;
import dev.quern.contract.plan.Inspection;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.presence.Device;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.CompletablePromise;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The whole job on a page: what is slow, random or remote is behind a stub. */
public final class CompressionWorkflowImpl implements CompressionWorkflow {
    private final ControlActivities quick = Workflow.newActivityStub(ControlActivities.class, Timeouts.QUICK);
    private final ControlActivities reading = Workflow.newActivityStub(ControlActivities.class, Timeouts.READING);
    private final CompletablePromise<Void> stopRequested = Workflow.newPromise();
    /** How the generation is to end, once somebody wants it to. */
    private @Nullable Outcome wish;

    @Override
    public Outcome run(JobRef job) {
        Steps steps = new Steps(job, quick);
        CompletablePromise<Outcome> result = Workflow.newPromise();
        CancellationScope work = Workflow.newCancellationScope(() ->
                result.completeFrom(Async.function(() -> stages(job, steps)).handle(Outcomes::of)));
        work.run();
        Promise.anyOf(result, stopRequested).get();
        Outcome outcome = result.isCompleted() ? result.get() : stop(work, result, steps);
        steps.end(outcome);
        if (!outcome.equals(Outcome.paused())) {
            quick.cleanup(job);
        }
        return outcome;
    }

    @Override
    public void cancel() {
        stopRequested.complete(null);
        wish = Outcome.cancelled();
    }

    @Override
    public void pause() {
        if (stopRequested.complete(null)) {
            wish = Outcome.paused();
        }
    }

    @Override
    public void giveUp(String code, String message) {
        stopRequested.complete(null);
        if (!Outcome.cancelled().equals(wish)) {
            wish = Outcome.failed(JobState.FAILED, code, message);
        }
    }

    private Outcome stop(CancellationScope work, Promise<Outcome> result, Steps steps) {
        Outcome told = Objects.requireNonNull(wish);
        steps.stopping(told);
        work.cancel();
        // The worker's word, or none: a dead worker never answers.
        boolean answered = Workflow.await(Timeouts.CANCEL, result::isCompleted);
        Outcome wanted = Objects.requireNonNull(wish);
        if (!wanted.equals(told)) {
            steps.stopping(wanted);
        }
        // A result that was published all the same stands, and no other end.
        return answered && result.get().published() ? result.get() : wanted;
    }

    private Outcome stages(JobRef job, Steps steps) {
        steps.enter(Stage.INSPECT);
        Inspection inspection = reading.inspect(job);
        steps.enter(Stage.PLAN);
        PlanRef plan = reading.plan(job, inspection, device(inspection));
        Compute compute = new Compute(job, plan, reading, steps);
        if (!plan.traceRuns().isEmpty()) {
            steps.enter(Stage.TRACE);
            compute.trace();
        }
        for (int damages = 1; ; damages++) {
            try {
                return fromBlocks(job, plan, compute, steps);
            } catch (ActivityFailure failure) {
                // A reader of a block may find that it is not what was committed: it is made again, and so is the
                // rest.
                String damaged = Retries.damaged(failure);
                if (damaged == null || damages == Failures.INTERNAL_ATTEMPTS) {
                    throw failure;
                }
                steps.standing(ReasonCode.RETRYING, "Quern tries again by itself: " + Outcomes.explain(failure));
                compute.mend(damaged);
            }
        }
    }

    private Outcome fromBlocks(JobRef job, PlanRef plan, Compute compute, Steps steps) {
        // Without blocks to compress the job evaluates a finished result.
        if (plan.gradients() != null) {
            steps.enter(Stage.GRADIENT);
            compute.gradients(plan.gradients());
        }
        if (!plan.segments().isEmpty()) {
            steps.enter(Stage.COMPRESS);
            compute.compress();
            steps.enter(Stage.ASSEMBLE);
            reading.assemble(job, plan);
            steps.enter(Stage.VERIFY);
            reading.verify(job, plan);
        }
        steps.enter(Stage.EVALUATE);
        List<String> figures = compute.evaluate();
        steps.enter(Stage.PUBLISH);
        Published published = reading.publish(job, plan, figures, steps.seconds());
        return Outcomes.of(published);
    }

    /** The worker that answers first decides the job's numeric profile. */
    private static Device device(Inspection inspection) {
        String queue = Queues.calls(inspection.workerClass());
        return Workflow.newActivityStub(ComputeActivities.class, Timeouts.call(queue))
                .announce();
    }
}
