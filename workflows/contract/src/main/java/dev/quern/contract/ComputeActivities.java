package dev.quern.contract;

import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.Shard;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.contract.presence.Device;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/** The heavy work of a job, on a worker's device. One attempt each: the workflow looks at a failure and decides. */
@ActivityInterface
public interface ComputeActivities {
    /** Who is here, at work or not. */
    @ActivityMethod(name = "announce")
    Device announce();

    /**
     * Takes a run of tiles through the original model and stores their states where segments start; what is there is
     * not made again.
     */
    @ActivityMethod(name = "trace")
    void trace(JobRef job, PlanRef plan, TileRunRef run, int tilesInFlight);

    /**
     * Walks a run of tiles back through the original model until the slice's time is up, and stores the sums of its
     * gradients; what is there is not made again.
     *
     * @param slice of a segment, of which the last block comes first
     * @return what is left of the slice
     */
    @ActivityMethod(name = "gradient")
    SliceRef gradient(JobRef job, PlanRef plan, TileRunRef run, SliceRef slice, int tilesInFlight);

    /**
     * Walks blocks until the slice's time is up; every block is durable before the next begins, one that exists is not
     * made again.
     */
    @ActivityMethod(name = "compress")
    SliceResult compress(JobRef job, PlanRef plan, SliceRef slice, int tilesInFlight);

    /** Brings a run of tiles to a shared block and sums its statistics; what is there is not made again. */
    @ActivityMethod(name = "statistics")
    StepResult statistics(JobRef job, PlanRef plan, StepRef run, int tilesInFlight);

    /** Compresses the linears of a work unit of a shared block from the statistics of all runs. */
    @ActivityMethod(name = "solve")
    StepResult solve(JobRef job, PlanRef plan, StepRef unit);

    /**
     * Compares the original with the compressed model of each output over a shard of windows.
     *
     * @return key of the first output's token figures; those of the others follow from the plan
     */
    @ActivityMethod(name = "evaluate")
    String evaluate(JobRef job, PlanRef plan, Shard shard);
}
