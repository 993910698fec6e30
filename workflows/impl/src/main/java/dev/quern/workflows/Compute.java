package dev.quern.workflows;

import dev.quern.contract.ComputeActivities;
import dev.quern.contract.ControlActivities;
import dev.quern.contract.Failures;
import dev.quern.contract.JobRef;
import dev.quern.contract.Queues;
import dev.quern.contract.SliceResult;
import dev.quern.contract.plan.GradientsRef;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.Shard;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.recipes.job.ReasonCode;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The compute activities of a job, each tried again as its failure asks for. */
final class Compute {
    private final JobRef job;
    private final PlanRef plan;
    private final ControlActivities control;
    private final Steps steps;
    private final Turns turns = new Turns();
    private int reused;
    private boolean mending;

    /** @param control with time to read blocks, however many and from however far away */
    Compute(JobRef job, PlanRef plan, ControlActivities control, Steps steps) {
        this.job = job;
        this.plan = plan;
        this.control = control;
        this.steps = steps;
    }

    /** Side by side: every run of tiles is taken through the original model. */
    void trace() {
        List<Promise<Void>> runs = new ArrayList<>();
        for (TileRunRef run : plan.traceRuns()) {
            runs.add(Async.procedure(this::trace, run));
        }
        all(runs);
    }

    /** Side by side: every run of tiles is taken back through the original model. */
    void gradients(GradientsRef gradients) {
        List<Promise<Void>> runs = new ArrayList<>();
        for (TileRunRef run : gradients.runs()) {
            runs.add(Async.procedure(this::gradients, run, gradients.segments()));
        }
        all(runs);
    }

    /** Side by side: no segment waits for another. Where each block waits for the one before, workers share it. */
    void compress() {
        if (plan.sharing() != null) {
            new SharedBlocks(job, plan, control, this).compress(!mending);
            return;
        }
        List<Promise<Void>> segments = new ArrayList<>();
        for (SliceRef segment : plan.segments()) {
            segments.add(Async.procedure(this::compress, segment));
        }
        all(segments);
    }

    /** The keys of the figures, in the order of the shards. */
    List<String> evaluate() {
        List<Promise<String>> shards = new ArrayList<>();
        for (Shard shard : plan.shards()) {
            shards.add(Async.function(this::evaluate, shard));
        }
        all(shards);
        return shards.stream().map(Promise::get).toList();
    }

    /** Deletes what is damaged, before another compression: what that finds was made by this one. */
    void mend(String artifact) {
        mending = true;
        control.repair(job, plan, artifact);
    }

    static <T> void all(List<Promise<T>> promises) {
        Promise.allOf(promises.toArray(Promise<?>[]::new)).get();
    }

    private void trace(TileRunRef run) {
        insist(true, tiles -> {
            anyone().trace(job, plan, run, tiles);
            return run;
        });
    }

    private void gradients(TileRunRef run, List<SliceRef> segments) {
        for (SliceRef segment : segments.reversed()) {
            SliceRef next = segment;
            while (!next.empty()) {
                SliceRef slice = next;
                next = insist(true, tiles -> anyone().gradient(job, plan, run, slice, tiles));
            }
        }
    }

    private void compress(SliceRef segment) {
        SliceRef next = segment;
        String warm = null;
        while (!next.empty()) {
            SliceRef slice = next;
            String offered = warm;
            SliceResult result = insist(true, tiles -> compress(slice, offered, tiles));
            reused += mending ? 0 : result.reused();
            next = result.rest();
            boolean othersWait =
                    control.recordSlice(job, plan, new SliceRef(slice.first(), next.first()), result, reused);
            // A worker that continues this job would let the other one wait.
            warm = othersWait ? null : result.worker();
        }
    }

    private SliceResult compress(SliceRef slice, @Nullable String warm, int tiles) {
        if (warm != null) {
            try {
                return Workflow.newActivityStub(
                                ComputeActivities.class, Timeouts.warm(Queues.ofWorker(warm), turns.next()))
                        .compress(job, plan, slice, tiles);
            } catch (ActivityFailure failure) {
                if (!Retries.notTaken(failure)) {
                    throw failure;
                }
            }
        }
        return anyone().compress(job, plan, slice, tiles);
    }

    private String evaluate(Shard shard) {
        return insist(false, tiles -> anyone().evaluate(job, plan, shard));
    }

    private ComputeActivities anyone() {
        return Workflow.newActivityStub(ComputeActivities.class, Timeouts.compute(plan.queue(), turn()));
    }

    /** The priority of the next piece of work. */
    int turn() {
        return turns.next();
    }

    /**
     * @param makes whether another attempt makes the artifacts that it misses
     * @param attempt of the tiles in flight
     */
    <T> T insist(boolean makes, Function<Integer, T> attempt) {
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
                if (decision == Retries.Decision.GIVE_UP || (decision == Retries.Decision.REPAIR && !makes)) {
                    throw failure;
                }
                if (decision == Retries.Decision.OFFER) {
                    continue;
                }
                repair(failure);
                steps.standing(ReasonCode.RETRYING, "Quern tries again by itself: " + Outcomes.explain(failure));
                standing = true;
            }
        }
    }

    private void repair(ActivityFailure failure) {
        String damaged = Retries.damaged(failure);
        if (damaged != null) {
            control.repair(job, plan, damaged);
        }
    }
}
