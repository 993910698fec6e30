package dev.quern.contract;

import java.util.List;

/**
 * What the workflow must know of a plan; the rest stands in the document.
 *
 * @param document key of the {@link JobPlan}
 * @param queue that serves the job's compute activities
 * @param tilesInFlight a micro-batch: changes memory, no bit
 */
public record PlanRef(
        String document, String queue, int blocks, int tilesInFlight, List<SliceRef> segments, List<Shard> shards) {
    public PlanRef {
        segments = List.copyOf(segments);
        shards = List.copyOf(shards);
    }
}
