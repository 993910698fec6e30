package dev.quern.contract.plan;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the workflow must know of a plan; the rest is in the document.
 *
 * @param document key of the {@link JobPlan}
 * @param queue that serves the job's compute activities
 * @param tilesInFlight a micro-batch: changes memory, no bit
 * @param segments empty where nothing is compressed
 * @param traceRuns empty where no segment waits for a trace
 * @param gradients null where no recipe needs any
 * @param sharing null where no block is shared
 */
public record PlanRef(
        String document,
        String queue,
        int blocks,
        int tilesInFlight,
        List<TileRunRef> traceRuns,
        @Nullable GradientsRef gradients,
        List<SliceRef> segments,
        List<Shard> shards,
        @Nullable SharingRef sharing) {
    public PlanRef {
        traceRuns = List.copyOf(traceRuns);
        segments = List.copyOf(segments);
        shards = List.copyOf(shards);
    }
}
