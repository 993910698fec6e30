package dev.quern.engine.calibration;

import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.tiling.TileRun;
import java.util.List;

/**
 * Streams the original model over a run of tiles and stores their hidden states where segments start, so that every
 * segment can be walked from there. Block by block over all tiles of the run: each weight is read once. What is stored
 * already is not made again; a walk that was stopped continues from the last start that it stored. Confined to its
 * backend's thread.
 */
public final class TraceWalk {
    private static final int TOKENS = 0;

    private final ComputeBackend backend;
    private final WalkInputs inputs;
    private final StreamPositions positions;
    private final WalkOptions options;
    private final TileRun run;
    private final List<Integer> starts;

    /**
     * Streams of single tiles.
     *
     * @param reused they were there before
     */
    public record Traced(int made, int reused) {}

    private TraceWalk(
            ComputeBackend backend,
            WalkInputs inputs,
            StreamPositions positions,
            WalkOptions options,
            TileRun run,
            List<Integer> starts) {
        this.backend = backend;
        this.inputs = inputs;
        this.positions = positions;
        this.options = options;
        this.run = run;
        this.starts = starts;
    }

    /**
     * @param options of which the memory for statistics is not used
     * @param starts blocks that segments start with, rising; the one that starts from the tokens needs no stream
     * @throws dev.quern.engine.artifact.DamagedArtifactException when the stream that it would continue from is damaged
     * @throws dev.quern.engine.Cancellation.CancelledException within about 2 s of a request; what was stored stays
     */
    public static Traced walk(
            ComputeBackend backend,
            WalkInputs inputs,
            BlockStore store,
            WalkOptions options,
            TileRun run,
            List<Integer> starts) {
        List<Integer> streams = starts.stream().filter(start -> start > 0).toList();
        StreamPositions positions =
                new StreamPositions(inputs.provenance()::originalStream, new Commits(store, options.scratch()));
        int made = new TraceWalk(backend, inputs, positions, options, run, streams).walk();
        return new Traced(made, streams.size() * run.tiles() - made);
    }

    /** How many streams were made. */
    private int walk() {
        List<Integer> missing =
                starts.stream().filter(start -> !positions.has(start, run)).toList();
        if (missing.isEmpty()) {
            return 0;
        }
        int made = 0;
        try (StreamWalker walker = new StreamWalker(
                backend, inputs.architecture(), inputs.tiling(), run, options.scratch(), options.cancellation())) {
            int position = enter(walker, missing.getFirst());
            for (int start : missing) {
                for (; position < start; position++) {
                    advance(walker, position);
                }
                made += positions.store(start, walker.stream(), options.listener());
            }
        }
        return made;
    }

    /** Goes on from the start before the first one that is missing: all of those were stored. */
    private int enter(StreamWalker walker, int firstMissing) {
        int stored = starts.stream()
                .filter(start -> start < firstMissing)
                .reduce((earlier, later) -> later)
                .orElse(TOKENS);
        if (stored != TOKENS && positions.restore(stored, walker.stream())) {
            return stored;
        }
        walker.embed(inputs.architecture(), inputs.weights(), inputs.windows());
        return TOKENS;
    }

    private void advance(StreamWalker walker, int block) {
        options.listener().blockStarted(block);
        try (BlockWeights weights = new BlockWeights(backend, inputs.weights(), inputs.block(block))) {
            walker.advance(weights, LinearInputs.NONE, () -> options.listener().tileDone(block));
        }
    }
}
