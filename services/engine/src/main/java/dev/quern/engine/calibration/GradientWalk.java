package dev.quern.engine.calibration;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.GradientNames;
import dev.quern.engine.artifact.StatisticsArtifact;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.statistics.Sides;
import dev.quern.engine.statistics.SketchSpec;
import dev.quern.engine.statistics.SketchSums;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Walks the blocks of a segment of the original model from last to first over a run of tiles, and stores the sketches
 * of their linears summed over the run. Segments are walked from last to first too: each begins with the gradient that
 * the one behind it stored, and with the states that {@link TraceWalk} stored at its start. Where one of them is
 * missing it is made again, from the labels or from the tokens at worst. Runs do not depend on each other.
 *
 * <p>A sketch that is in the store is not made again, and a walk that was stopped continues from what it stored. A pass
 * over a block needs the memory of one tile and of the sketches of the block; where these exceed
 * {@link WalkOptions#statisticsBytes}, the tiles are passed more often, as they are for each half-step of a power
 * iteration. Confined to its backend's thread.
 *
 * <pre>{@code
 * try (GradientWalk walk = GradientWalk.open(backend, inputs, seed, spec, store, options, run, segment)) {
 *     while (walk.hasNext() && !budget.isSpent()) {
 *         walk.next();
 *     }
 *     return walk.rest();
 * }
 * }</pre>
 */
public final class GradientWalk implements AutoCloseable {
    private final ComputeBackend backend;
    private final WalkInputs inputs;
    private final GradientNames names;
    private final SketchSpec spec;
    private final Commits commits;
    private final WalkOptions options;
    private final TileRun run;
    private final int first;
    private final GradientStream stream;
    private int end;

    private GradientWalk(
            ComputeBackend backend,
            WalkInputs inputs,
            GradientNames names,
            SketchSpec spec,
            Commits commits,
            WalkOptions options,
            TileRun run,
            Slice slice) {
        this.backend = backend;
        this.inputs = inputs;
        this.names = names;
        this.spec = spec;
        this.commits = commits;
        this.options = options;
        this.run = run;
        this.first = slice.first();
        this.end = slice.end();
        this.stream = new GradientStream(backend, inputs, names, commits, options, run);
    }

    /**
     * Nothing is computed before the first {@link #next}.
     *
     * @param inputs whose model, transform and text name the sketches ({@link GradientNames}); no grid or method does
     * @param seed of the labels
     * @param run its sketches are artifacts of their own; the plan cuts the tiles, since the order of sums decides bits
     * @param slice blocks [first, end)
     */
    public static GradientWalk open(
            ComputeBackend backend,
            WalkInputs inputs,
            long seed,
            SketchSpec spec,
            BlockStore store,
            WalkOptions options,
            TileRun run,
            Slice slice) {
        GradientNames names = new GradientNames(inputs.provenance(), seed, spec.sketch());
        Commits commits = new Commits(store, options.scratch());
        return new GradientWalk(backend, inputs, names, spec, commits, options, run, slice);
    }

    /**
     * Bytes of scratch that a walk needs: the states at the entry of each block, and the gradient.
     *
     * @param tokens of the run
     * @param working the backend's type
     */
    public static long scratchBytes(Slice slice, int hidden, long tokens, DType working) {
        long boundaries = (long) slice.end() - slice.first() + 2;
        return tokens * hidden * (boundaries * DType.BF16.bytes() + working.bytes());
    }

    public boolean hasNext() {
        return end > first;
    }

    /**
     * Makes the sketches of the last block that is left, or finds them made.
     *
     * @return false where all of them were in the store
     * @throws dev.quern.engine.artifact.DamagedArtifactException naming what it could not continue from
     * @throws dev.quern.recipes.error.QuernException NON_FINITE_INPUTS where the model overflows on the text
     * @throws dev.quern.engine.Cancellation.CancelledException within about 2 s of a request; what was stored stays
     */
    public boolean next() {
        if (!hasNext()) {
            throw new NoSuchElementException("block " + (end - 1) + " (expected: at least " + first + ")");
        }
        options.cancellation().check();
        int block = end - 1;
        List<LinearSpec> missing = inputs.block(block).program().linears().stream()
                .filter(linear -> !isStored(block, linear))
                .toList();
        if (!missing.isEmpty()) {
            options.listener().blockStarted(block);
            make(block, missing);
        }
        options.listener().sketchDone(block, missing.isEmpty());
        end = block;
        return !missing.isEmpty();
    }

    private void make(int block, List<LinearSpec> missing) {
        stream.bringToEndOf(block, first);
        List<List<LinearSpec>> groups = spec.groups(missing, options.statisticsBytes());
        for (int i = 0; i < groups.size(); i++) {
            List<LinearSpec> group = groups.get(i);
            try (SketchSums sums = spec.open(backend, group, inputs.tiling().seqLen())) {
                for (int pass = 0; pass < spec.passes(); pass++) {
                    sums.begin(pass);
                    if (i + 1 < groups.size() || pass + 1 < spec.passes()) {
                        stream.record(sums);
                    } else {
                        stream.move(sums);
                    }
                }
                group.forEach(linear -> store(block, linear, sums.of(linear)));
            }
        }
    }

    private boolean isStored(int block, LinearSpec linear) {
        return commits.store().contains(outer(block, linear))
                && (spec.sides() == Sides.OUTER || commits.store().contains(inner(block, linear)));
    }

    private void store(int block, LinearSpec linear, KroneckerSketch sketch) {
        store(outer(block, linear), sketch.outer(), sketch.windows());
        if (sketch.inner() != null) {
            store(inner(block, linear), sketch.inner(), sketch.windows());
        }
    }

    private void store(ArtifactName name, Tensor factor, long windows) {
        options.cancellation().check();
        commits.commit(
                name,
                file -> StatisticsArtifact.write(
                        file,
                        name,
                        factor.cols(),
                        windows,
                        (from, to, panel) ->
                                backend.memory().download(factor.rows(from, to).cols(0, to), panel)));
    }

    private ArtifactName outer(int block, LinearSpec linear) {
        return names.outer(block, linear.name(), run.first(), run.end());
    }

    private ArtifactName inner(int block, LinearSpec linear) {
        return names.inner(block, linear.name(), run.first(), run.end());
    }

    /**
     * The blocks that are left. The gradient where they end is stored, for the next walk: of these blocks, or where
     * none is left of the segment before this one.
     */
    public Slice rest() {
        stream.storePosition(end);
        return new Slice(first, end);
    }

    @Override
    public void close() {
        stream.close();
    }
}
