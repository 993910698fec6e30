package dev.quern.workflows;

import dev.quern.contract.ComputeActivities;
import dev.quern.contract.ControlActivities;
import dev.quern.contract.Failures;
import dev.quern.contract.JobRef;
import dev.quern.contract.Settled;
import dev.quern.contract.StepRef;
import dev.quern.contract.StepResult;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.SharingRef;
import dev.quern.recipes.error.ErrorCode;
import io.temporal.failure.ApplicationFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The blocks of a sequential recipe, one after the other, each shared by all workers: statistics by runs of tiles, then
 * solves by work units, then the control process joins the parts. A step that finds nothing to do ends at once, so a
 * round may be repeated.
 */
final class SharedBlocks {
    /** Rounds on one block that lead nowhere. One may: another job on the same inputs was faster and has cleaned up. */
    private static final int FRUITLESS = 3;

    private final JobRef job;
    private final PlanRef plan;
    private final SharingRef sharing;
    private final ControlActivities control;
    private final Compute compute;

    SharedBlocks(JobRef job, PlanRef plan, ControlActivities control, Compute compute) {
        this.job = job;
        this.plan = plan;
        this.sharing = Objects.requireNonNull(plan.sharing());
        this.control = control;
        this.compute = compute;
    }

    /** @param counts whether blocks that are there were there before this job */
    void compress(boolean counts) {
        Settled settled = control.settle(job, plan, 0, List.of(), counts ? 0 : -1);
        int fruitless = 0;
        while (settled.next() < plan.blocks()) {
            int block = settled.next();
            settled = control.settle(job, plan, block, round(block), settled.reused());
            fruitless = settled.next() > block ? 0 : fruitless + 1;
            if (fruitless == FRUITLESS) {
                throw ApplicationFailure.newNonRetryableFailure(
                        "block " + block + ": its parts disappeared " + FRUITLESS
                                + " times in a row (expected: they stay until"
                                + " the block is complete; check whether another process deletes objects in this store)",
                        Failures.INTERNAL,
                        ErrorCode.INTERNAL.slug());
            }
        }
    }

    /** One try at a block; who took part. */
    private List<String> round(int block) {
        int priority = compute.turn();
        List<StepResult> results = new ArrayList<>(sideBySide(
                sharing.runs(),
                run -> compute.insist(
                        true, tiles -> anyone(priority).statistics(job, plan, new StepRef(block, run), tiles))));
        if (results.stream().allMatch(StepResult::done)) {
            results.addAll(sideBySide(
                    sharing.units(),
                    unit -> compute.insist(
                            true, tiles -> anyone(priority).solve(job, plan, new StepRef(block, unit)))));
        }
        return results.stream().map(StepResult::worker).distinct().sorted().toList();
    }

    private ComputeActivities anyone(int priority) {
        return Workflow.newActivityStub(ComputeActivities.class, Timeouts.compute(plan.queue(), priority));
    }

    private interface Step {
        StepResult take(int index);
    }

    /**
     * Ends when all steps have ended, also where one fails or the job is cancelled: what a worker still stores must be
     * there when the cleanup looks. One that fails leaves the others to their end, which is near.
     */
    private static List<StepResult> sideBySide(int count, Step step) {
        List<Promise<StepResult>> steps = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int index = i;
            steps.add(Async.function(() -> step.take(index)));
        }
        steps.forEach(each -> each.handle((result, error) -> result).get());
        return steps.stream().map(Promise::get).toList();
    }
}
