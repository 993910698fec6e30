package dev.quern.control.activities;

import dev.quern.contract.JobRef;
import dev.quern.contract.SliceResult;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.SliceRef;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobSources;
import dev.quern.control.job.Repositories;
import dev.quern.control.publish.Outputs;
import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.run.Source;
import dev.quern.engine.run.StoredBlocks;
import dev.quern.recipes.process.FailPoint;
import java.util.UUID;
import java.util.function.LongConsumer;

/** Completes the board from the blocks themselves: what heartbeats brought was a hint, and some get lost. */
record BoardFiller(JobContexts contexts, JobSources sources, Outputs outputs, Repositories rows) {
    /** The output that the board shows. */
    private static final int SHOWN = 0;

    /** @param cells receives every cell that is filled */
    void fill(
            JobRef ref,
            PlanRef planRef,
            SliceRef done,
            SliceResult result,
            int reused,
            LongConsumer cells,
            Cancellation cancellation) {
        JobPlan plan = contexts.plan(planRef);
        UUID id = UUID.fromString(ref.id());
        try (Source source = sources.open(plan)) {
            StoredBlocks blocks = outputs.blocks(contexts.of(ref), plan, SHOWN, source);
            for (int block = done.first(); block < done.end(); block++) {
                cancellation.check();
                for (LinearRecord linear : blocks.records(block)) {
                    rows.board().put(id, linear.cell(block));
                    cells.accept(1);
                }
            }
        }
        FailPoint.pass("board.before");
        rows.steps().computing(id, ref.generation());
        result.made().forEach(block -> rows.board().worker(id, block, result.worker()));
        rows.board().reused(id, reused);
        FailPoint.pass("board.after");
    }

    boolean othersWait(JobRef ref) {
        return rows.jobs().othersQueue(UUID.fromString(ref.id()));
    }
}
