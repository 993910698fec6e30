package dev.quern.workflows;

import dev.quern.contract.ComputeActivities;
import dev.quern.contract.ControlActivities;
import dev.quern.contract.Failures;
import dev.quern.contract.JobRef;
import dev.quern.contract.PlanRef;
import dev.quern.contract.Shard;
import dev.quern.contract.SliceRef;
import dev.quern.contract.SliceResult;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The compute activities of a job, each tried again as its failure asks for. */
final class Compute {
    private final JobRef job;
    private final PlanRef plan;
    private final ControlActivities control;
    private final Steps steps;
    private final ComputeActivities worker;
    private int reused;

    Compute(JobRef job, PlanRef plan, ControlActivities control, Steps steps) {
        this.job = job;
        this.plan = plan;
        this.control = control;
        this.steps = steps;
        this.worker = Workflow.newActivityStub(ComputeActivities.class, Timeouts.compute(plan.queue()));
    }

    /** Side by side: no segment waits for another. */
    void compress() {
        List<Promise<Void>> segments = new ArrayList<>();
        for (SliceRef segment : plan.segments()) {
            segments.add(Async.procedure(this::compress, segment));
        }
        Promise.allOf(segments).get();
    }

    /** The keys of the figures, in the order of the shards. */
    List<String> evaluate() {
        List<Promise<String>> shards = new ArrayList<>();
        for (Shard shard : plan.shards()) {
            shards.add(Async.function(this::evaluate, shard));
        }
        Promise.allOf(shards).get();
        return shards.stream().map(Promise::get).toList();
    }

    private void compress(SliceRef segment) {
        SliceRef next = segment;
        while (!next.empty()) {
            SliceRef slice = next;
            SliceResult result = insist(tiles -> worker.compress(job, plan, slice, tiles));
            reused += result.reused();
            next = result.rest();
            control.tell(job, plan, new SliceRef(slice.first(), next.first()), reused);
        }
    }

    private String evaluate(Shard shard) {
        return insist(tiles -> worker.evaluate(job, plan, shard));
    }

    /**
     * @param attempt of the tiles in flight
     */
    private <T> T insist(Function<Integer, T> attempt) {
        Retries retries = new Retries(plan.tilesInFlight(), Failures.INTERNAL_ATTEMPTS);
        boolean standing = false;
        while (true) {
            try {
                T result = attempt.apply(retries.tilesInFlight());
                if (standing) {
                    steps.moving();
                }
                return result;
            } catch (ActivityFailure failure) {
                Retries.Decision decision = retries.after(failure);
                if (decision == Retries.Decision.GIVE_UP) {
                    throw failure;
                }
                String damaged = Retries.damaged(failure);
                if (damaged != null) {
                    control.repair(job, plan, damaged);
                }
                steps.standing("RETRYING", "Nothing to do: " + Outcomes.explain(failure));
                standing = true;
            }
        }
    }
}
