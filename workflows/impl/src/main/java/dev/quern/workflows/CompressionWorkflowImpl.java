package dev.quern.workflows;

import dev.quern.contract.CompressionWorkflow;
import dev.quern.contract.ComputeActivities;
import dev.quern.contract.ControlActivities;
import dev.quern.contract.Device;
import dev.quern.contract.Inspection;
import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import dev.quern.contract.PlanRef;
import dev.quern.contract.Published;
import dev.quern.contract.Queues;
import io.temporal.workflow.Async;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.CompletablePromise;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import java.util.List;

/** The whole job on a page: what is slow, random or remote is behind a stub. */
public final class CompressionWorkflowImpl implements CompressionWorkflow {
    private final ControlActivities quick = Workflow.newActivityStub(ControlActivities.class, Timeouts.QUICK);
    private final ControlActivities reading = Workflow.newActivityStub(ControlActivities.class, Timeouts.READING);
    private final CompletablePromise<Void> stopRequested = Workflow.newPromise();
    private boolean cancelRequested;

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
        cancelRequested = true;
        stopRequested.complete(null);
    }

    @Override
    public void pause() {
        stopRequested.complete(null);
    }

    private Outcome stop(CancellationScope work, Promise<Outcome> result, Steps steps) {
        boolean cancelledAtOnce = cancelRequested;
        steps.stopping(cancelledAtOnce);
        work.cancel();
        // The worker's word, or none: a dead worker never answers.
        boolean answered = Workflow.await(Timeouts.CANCEL, result::isCompleted);
        if (cancelRequested && !cancelledAtOnce) {
            steps.stopping(true);
        }
        // A result that was published all the same stands, and no other end.
        if (answered && result.get().location() != null) {
            return result.get();
        }
        return cancelRequested ? Outcome.cancelled() : Outcome.paused();
    }

    private Outcome stages(JobRef job, Steps steps) {
        steps.enter("INSPECT");
        Inspection inspection = reading.inspect(job);
        steps.enter("PLAN");
        PlanRef plan = quick.plan(job, inspection, device(job, steps));
        Compute compute = new Compute(job, plan, quick, steps);
        // One segment has no starts to trace.
        steps.enter("COMPRESS");
        compute.compress();
        steps.enter("ASSEMBLE");
        reading.assemble(job, plan);
        steps.enter("VERIFY");
        reading.verify(job, plan);
        steps.enter("EVALUATE");
        List<String> figures = compute.evaluate();
        steps.enter("PUBLISH");
        Published published = reading.publish(job, plan, figures, steps.seconds());
        return Outcomes.of(published);
    }

    /** The first compute activity: whoever takes it decides the job's numeric profile. */
    private static Device device(JobRef job, Steps steps) {
        ComputeActivities any =
                Workflow.newActivityStub(ComputeActivities.class, Timeouts.compute(Queues.ofClass("cpu")));
        Promise<Device> device = Async.function(any::announce, job);
        if (!Workflow.await(Timeouts.WORKER, device::isCompleted)) {
            steps.standing("WAITING_FOR_WORKER", "Start a worker of class cpu.");
        }
        return device.get();
    }
}
