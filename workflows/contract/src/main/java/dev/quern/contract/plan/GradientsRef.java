package dev.quern.contract.plan;

import java.util.List;

/**
 * How the gradients of the original model are computed.
 *
 * @param runs of tiles, which do not depend on each other
 * @param segments of blocks; each run goes through them from the last to the first
 */
public record GradientsRef(List<TileRunRef> runs, List<SliceRef> segments) {
    public GradientsRef {
        runs = List.copyOf(runs);
        segments = List.copyOf(segments);
    }
}
