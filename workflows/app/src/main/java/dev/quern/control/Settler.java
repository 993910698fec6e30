package dev.quern.control;

import dev.quern.artifacts.Keys;
import dev.quern.contract.JobPlan;
import dev.quern.contract.JobRef;
import dev.quern.contract.PlanRef;
import dev.quern.contract.Settled;
import dev.quern.contract.SliceRef;
import dev.quern.contract.SliceResult;
import dev.quern.control.JobContexts.JobContext;
import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.calibration.SharedBlock;
import dev.quern.engine.run.Source;
import dev.quern.inputs.Plans;
import dev.quern.inputs.TenantBlocks;
import dev.quern.recipes.process.FailPoint;
import dev.quern.recipes.view.LinearView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Joins shared blocks from their parts, and deletes what led to them: workers delete nothing. Every step may come twice. */
record Settler(JobContexts contexts, JobSources sources, BoardFiller board, Cleaner cleaner, ScratchFolders scratch) {
    /** What the names of artifacts that lead to a block start with, before the block's number. */
    static final List<String> LEADING = List.of("statistics", "part");

    private static final String STREAM = "stream";
    /** Stands between the names of the workers that made a block together. */
    private static final String BETWEEN_WORKERS = ", ";

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
                new SliceResult(new SliceRef(next, plan.blocks()), String.join(BETWEEN_WORKERS, workers), made, found);
        board.fill(ref, planRef, new SliceRef(block, next), result, counted, cells, cancellation);
        for (int done = block; done < next; done++) {
            cancellation.check();
            blocks.deleteWhatLedTo(done);
        }
        return new Settled(next, counted);
    }

    /** Keys of all that a job can have stored while its blocks were shared, streams apart. */
    static Set<String> leftovers(Keys tenant, JobPlan plan) {
        Set<String> keys = new HashSet<>();
        if (plan.sharedUnits() > 0) {
            Provenance provenance = Plans.provenance(plan);
            for (int block = 0; block < plan.blocks(); block++) {
                keys(tenant, provenance.shared(block, plan.sharedUnits()).all()).forEach(keys::add);
            }
        }
        return keys;
    }

    /** Who made a block, as the board names them. */
    static List<String> makers(LinearView.Block block) {
        return block.worker() == null ? List.of() : List.of(block.worker().split(BETWEEN_WORKERS, -1));
    }

    private static Stream<String> keys(Keys tenant, Stream<ArtifactName> names) {
        return names.map(name -> tenant.artifact(name.fileName()));
    }

    /** The blocks of a job in the store. */
    private final class Blocks {
        private final JobContext job;
        private final JobPlan plan;
        private final Provenance provenance;
        private final TenantBlocks store;

        Blocks(JobContext job, JobPlan plan) throws IOException {
            this.job = job;
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
            while (block < plan.blocks() && store.contains(provenance.block(block))) {
                block++;
            }
            return block;
        }

        /** Its parts, the sums that they were made from, and where the stream stood before it: the next block starts behind it. */
        void deleteWhatLedTo(int block) throws IOException {
            Set<String> keys = keys(
                            job.keys(),
                            provenance.shared(block, plan.sharedUnits()).all())
                    .collect(Collectors.toCollection(HashSet::new));
            for (String kind : LEADING) {
                delete(kind, block, keys);
            }
            int superseded = block - 1;
            if (superseded > 0) {
                int tiles = Cleaner.tiles(contexts, plan);
                delete(
                        STREAM,
                        superseded,
                        keys(job.keys(), provenance.streams(superseded, tiles).stream())
                                .collect(Collectors.toSet()));
            }
        }

        private void delete(String kind, int block, Set<String> keys) throws IOException {
            cleaner.delete(job.keys().artifact("%s-%05d-".formatted(kind, block)), keys);
        }
    }
}
