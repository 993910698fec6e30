package dev.quern.engine.plan;

import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.Recipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the work is cut so that workers can share it.
 *
 * @param segments runs of blocks, walked side by side
 * @param traceRuns runs of tiles, each taken through the original model before; none where no segment waits for a
 *     stream
 * @param tracedBlocks so many of them: what stands behind the last start is not traced
 * @param storedPositions block boundaries whose streams the store will hold: segment starts, and where slices end
 */
record Schedule(List<Slice> segments, List<TileRun> traceRuns, int tracedBlocks, int storedPositions) {
    /** Two for each worker: one that is faster, or comes later, finds something to do. */
    private static final int SEGMENTS_PER_WORKER = 2;
    /** Shorter segments cost more in tracing and waiting than they save. */
    private static final double MIN_SEGMENT_SECONDS = 60;
    /**
     * Loading weights may take a fifth of a trace's time: tokens of a run ≥ 5 × FLOP/s ÷ bytes/s, for weights of two
     * bytes.
     */
    private static final double MIN_RUN = 5;

    /** @param blockSeconds predicted for compressing one block on one worker */
    static Schedule of(
            int blocks,
            Tiling tiling,
            Recipe recipe,
            Plan.@Nullable Gradients gradients,
            Budget budget,
            Fanout fanout,
            double blockSeconds) {
        List<Slice> segments = Slice.split(blocks, segments(blocks, recipe, fanout, blockSeconds));
        if (!recipe.needsCalibration()) {
            return new Schedule(segments, List.of(), 0, 0);
        }
        double blocksPerSlice = fanout.sliceSeconds() == 0 ? 1 : Math.max(1, fanout.sliceSeconds() / blockSeconds);
        int positions = segments.stream()
                .mapToInt(segment -> slices(segment.end() - segment.first(), blocksPerSlice))
                .sum();
        List<TileRun> runs = List.of();
        int backwards = gradients == null ? 1 : gradients.segments().size();
        if (Math.max(segments.size(), backwards) > 1) {
            runs = traceRuns(tiling, budget, Math.max(fanout.workers(), segments.size()));
        }
        int traced = Math.max(
                segments.getLast().first(),
                gradients == null ? 0 : gradients.segments().getLast().first());
        // What follows the last slice of a segment is the next segment's start, which the first does not need.
        return new Schedule(segments, runs, traced, positions - 1);
    }

    private static int slices(int blocks, double blocksPerSlice) {
        return (int) Math.max(1, Math.ceil(blocks / blocksPerSlice));
    }

    private static int segments(int blocks, Recipe recipe, Fanout fanout, double blockSeconds) {
        if (recipe.walksCompressed()) {
            return 1;
        }
        if (fanout.segments() != null) {
            return fanout.segments();
        }
        if (fanout.workers() == 1) {
            return 1;
        }
        int worthIt = (int) Math.min(blocks, blocks * blockSeconds / MIN_SEGMENT_SECONDS);
        return Math.clamp((long) fanout.workers() * SEGMENTS_PER_WORKER, 1, Math.max(1, worthIt));
    }

    private static List<TileRun> traceRuns(Tiling tiling, Budget budget, int tasks) {
        DeviceSpeed speed = budget.speed();
        double tokens = speed == null ? 0 : MIN_RUN * speed.flopsPerSecond() / speed.bytesPerSecond();
        int tiles = (int) Math.clamp(Math.ceil(tokens / tiling.tokensPerTile()), 1, tiling.tiles());
        return TileRun.split(tiling.tiles(), Math.min(tasks, tiling.tiles() / tiles));
    }
}
