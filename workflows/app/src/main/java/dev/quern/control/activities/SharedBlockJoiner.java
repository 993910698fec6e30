package dev.quern.control.activities;

import dev.quern.contract.JobRef;
import dev.quern.contract.Settled;
import dev.quern.contract.SliceResult;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.SliceRef;
import dev.quern.control.job.JobArtifacts;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.control.job.JobSources;
import dev.quern.control.job.Makers;
import dev.quern.control.job.ScratchFolders;
import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.calibration.SharedBlock;
import dev.quern.engine.run.Source;
import dev.quern.inputs.Plans;
import dev.quern.inputs.TenantBlocks;
import dev.quern.recipes.process.FailPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Joins shared blocks from their parts, and deletes what led to them: workers delete nothing. Every step may come
 * twice.
 */
record SharedBlockJoiner(JobContexts contexts, JobSources sources, BoardFiller board, ScratchFolders scratch) {
    /**
     * @param block the first one that is not known to be done
     * @param workers who made its parts
     * @param reused of the blocks before, those that were there before the job; -1 counts no more
     */
    Settled settle(
            JobRef ref,
            PlanRef planRef,
            int block,
            List<String> workers,
            int reused,
            LongConsumer cells,
            Cancellation cancellation)
            throws IOException {
        JobContext job = contexts.of(ref);
        JobPlan plan = contexts.plan(planRef);
        Blocks blocks = new Blocks(job, plan);
        if (!blocks.join(block)) {
            // One before it may be gone as well: found damaged and deleted.
            return new Settled(blocks.firstMissing(0), reused);
        }
        FailPoint.pass("settle.within");
        int next = blocks.firstMissing(block);
        int found = next - block - (workers.isEmpty() ? 0 : 1);
        int counted = reused < 0 ? reused : reused + found;
        List<Integer> made = workers.isEmpty() ? List.of() : List.of(block);
        SliceResult result =
                new SliceResult(new SliceRef(next, plan.work().blocks()), Makers.text(workers), made, found);
        board.fill(ref, planRef, new SliceRef(block, next), result, counted, cells, cancellation);
        JobArtifacts artifacts = new JobArtifacts(contexts, job.keys(), plan);
        for (int done = block; done < next; done++) {
            cancellation.check();
            artifacts.deleteSupersededBy(done);
        }
        return new Settled(next, counted);
    }

    /** The blocks of a job in the store. */
    private final class Blocks {
        private final JobPlan plan;
        private final Provenance provenance;
        private final TenantBlocks store;

        Blocks(JobContext job, JobPlan plan) throws IOException {
            this.plan = plan;
            this.provenance = Plans.provenance(plan);
            Path folder = Files.createDirectories(scratch.of(job.id()));
            this.store = new TenantBlocks(contexts.store(), job.keys(), folder);
        }

        boolean join(int block) {
            if (store.contains(provenance.block(block))) {
                return true;
            }
            try (Source source = sources.open(plan)) {
                return SharedBlock.join(source.architecture(), provenance, store, store.scratch(), block);
            }
        }

        int firstMissing(int from) {
            int block = from;
            while (block < plan.work().blocks() && store.contains(provenance.block(block))) {
                block++;
            }
            return block;
        }
    }
}
