package dev.quern.contract;

import dev.quern.contract.plan.Inspection;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.presence.Device;
import dev.quern.recipes.job.Stage;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import java.util.List;
import java.util.Map;

/** The light work of a job, in the control process. Every one may run twice. */
@ActivityInterface
public interface ControlActivities {
    @ActivityMethod(name = "record")
    void record(JobRef job, StepRecord step);

    /**
     * Reads all of the source, and of the result where one is evaluated: refuses what is unsafe, damaged or not
     * supported; tokenizes the texts.
     */
    @ActivityMethod(name = "inspect")
    Inspection inspect(JobRef job);

    /** Fixes tile, segments and numeric profile. The profile of a job's first plan stands for all its generations. */
    @ActivityMethod(name = "plan")
    PlanRef plan(JobRef job, Inspection inspection, Device device);

    /**
     * Records a slice that is done: completes the board from the artifacts of its blocks, because some heartbeats get
     * lost.
     *
     * @param done the blocks
     * @param result of the slice that did them
     * @param reused of all blocks of the job so far, those that were there before
     * @return whether another job waits for a device
     */
    // Histories of running jobs hold the name.
    @ActivityMethod(name = "tell")
    boolean recordSlice(JobRef job, PlanRef plan, SliceRef done, SliceResult result, int reused);

    /**
     * Joins a shared block from its parts if all are there, deletes what led to blocks that are done, and completes the
     * board up to the first block that is missing.
     *
     * @param block the first one that is not known to be done
     * @param workers who made its parts; empty where nobody did yet
     * @param reused of the blocks before, those that were there before this job
     */
    @ActivityMethod(name = "settle")
    Settled settle(JobRef job, PlanRef plan, int block, List<String> workers, int reused);

    /** Deletes a damaged artifact, if it is the damaged version still, so that it is made again. */
    @ActivityMethod(name = "repair")
    void repair(JobRef job, PlanRef plan, String artifact);

    /** Writes the outputs to scratch. */
    @ActivityMethod(name = "assemble")
    void assemble(JobRef job, PlanRef plan);

    /** Reads back all that was assembled and compares it. */
    @ActivityMethod(name = "verify")
    void verify(JobRef job, PlanRef plan);

    /**
     * For each output: reduces the figures, asks the gate, writes the report, publishes or quarantines.
     *
     * @param figures keys of the first output's, in the order of the plan's shards; all of them follow from the plan
     * @param secondsPerStage as the workflow measured them
     */
    @ActivityMethod(name = "publish")
    Published publish(JobRef job, PlanRef plan, List<String> figures, Map<Stage, Double> secondsPerStage);

    /** Deletes what only a running job needs; called when the row is at its end. */
    @ActivityMethod(name = "cleanup")
    void cleanup(JobRef job);
}
