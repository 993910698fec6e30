package dev.quern.engine.calibration;

import dev.quern.engine.artifact.GradientNames;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.gradient.Backward;
import dev.quern.engine.gradient.HeadGradient;
import dev.quern.engine.gradient.LinearGradients;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The gradient of a run of tiles, moved from the end of the original model towards its start, block by block over all
 * tiles: each weight is read twice, once forward for the states where blocks start and once back. Those states are in
 * scratch, bf16, rounded as at every boundary; the gradient is in the working type and never rounded.
 */
final class GradientStream implements AutoCloseable {
    private static final int NOWHERE = -1;

    private final ComputeBackend backend;
    private final WalkInputs inputs;
    private final WalkOptions options;
    private final long seed;
    private final TileRun run;
    private final Tiling tiling;
    private final int blocks;
    private final StreamPositions states;
    private final StreamPositions gradients;
    private final Backward backward;
    private final TileStates gradient;
    /** What enters each block, by block; what leaves the last one, by the number of blocks. */
    private final Map<Integer, TileStates> starts = new HashMap<>();
    /** The block whose entry the gradient stands at. */
    private int position = NOWHERE;

    GradientStream(
            ComputeBackend backend,
            WalkInputs inputs,
            GradientNames names,
            Commits commits,
            WalkOptions options,
            TileRun run) {
        this.backend = backend;
        this.inputs = inputs;
        this.options = options;
        this.seed = names.seed();
        this.run = run;
        this.tiling = inputs.tiling();
        this.blocks = inputs.architecture().blocks().size();
        this.states = new StreamPositions(names::stream, commits);
        this.gradients = new StreamPositions(names::gradient, commits);
        this.gradient = tileStates(backend.workingType());
        this.backward = new Backward(backend, tiling.seqLen(), options.cancellation());
    }

    private TileStates tileStates(DType dtype) {
        return new TileStates(
                backend, options.scratch(), tiling, run, inputs.architecture().hidden(), dtype);
    }

    /**
     * Brings the gradient to what leaves a block: from where it stands, from the store, or from the labels.
     *
     * @param first the lowest block that will be asked for
     */
    void bringToEndOf(int block, int first) {
        int end = block + 1;
        restore(end);
        if (position == NOWHERE) {
            makeStarts(first, blocks);
            begin();
        } else if (!starts.containsKey(position - 1)) {
            makeStarts(first, position);
        }
        while (position > end) {
            move(LinearGradients.NONE);
        }
    }

    /** Loads the nearest stored gradient if there is one nearer than the one in memory. */
    private void restore(int end) {
        int limit = position == NOWHERE ? blocks : position - 1;
        for (int stored = end; stored <= limit; stored++) {
            if (gradients.has(stored, run)) {
                position = NOWHERE;
                if (gradients.restore(stored, gradient)) {
                    position = stored;
                    return;
                }
            }
        }
    }

    /** Runs the original model forward for what enters the blocks [first, end), and behind the last one the head. */
    private void makeStarts(int first, int end) {
        closeStarts();
        int last = end == blocks ? blocks : end - 1;
        try (StreamWalker walker = new StreamWalker(
                backend, inputs.architecture(), tiling, run, options.scratch(), options.cancellation())) {
            int block = enter(walker, first);
            for (; block <= last; block++) {
                if (block >= first) {
                    TileStates start = tileStates(DType.BF16);
                    starts.put(block, start);
                    start.copyFrom(walker.stream());
                }
                if (block < last) {
                    advance(walker, block);
                }
            }
        }
    }

    /** Puts the states at the nearest stored boundary. @return the block that they enter */
    private int enter(StreamWalker walker, int first) {
        for (int stored = first; stored > 0; stored--) {
            if (states.has(stored, run) && states.restore(stored, walker.stream())) {
                return stored;
            }
        }
        walker.embed(inputs.architecture(), inputs.weights(), inputs.windows());
        return 0;
    }

    private void advance(StreamWalker walker, int block) {
        try (BlockWeights weights = weights(block)) {
            walker.advance(weights, LinearInputs.NONE, () -> options.listener().tileDone(block));
        }
    }

    /** Draws the labels, for the gradient by what leaves the last block. */
    private void begin() {
        try (HeadGradient head =
                new HeadGradient(backend, inputs.architecture(), inputs.weights(), seed, options.cancellation())) {
            for (int tile = run.first(); tile < run.end(); tile++) {
                options.cancellation().check();
                try (Scope scope = backend.memory().scope()) {
                    Tensor hidden = start(blocks).load(tile, scope);
                    Tensor target = scope.reserve(backend.workingType(), hidden.rows(), hidden.cols());
                    head.apply(hidden, (long) tiling.firstWindow(tile) * tiling.seqLen(), target);
                    gradient.store(tile, target);
                }
            }
        }
        position = blocks;
        drop(blocks);
    }

    /** Runs the block back that the gradient stands behind, and leaves the gradient there. */
    void record(LinearGradients recorder) {
        back(recorder, false);
    }

    /** Runs the block back that the gradient stands behind, and moves the gradient to its entry. */
    void move(LinearGradients recorder) {
        int block = position - 1;
        // Until the last tile is through, the gradient stands nowhere.
        back(recorder, true);
        position = block;
        drop(block);
    }

    private void back(LinearGradients recorder, boolean moves) {
        int block = position - 1;
        if (moves) {
            position = NOWHERE;
        }
        try (BlockWeights weights = weights(block)) {
            for (int tile = run.first(); tile < run.end(); tile++) {
                options.cancellation().check();
                try (Scope scope = backend.memory().scope()) {
                    Tensor hidden = start(block).load(tile, scope);
                    Tensor target = scope.reserve(backend.workingType(), hidden.rows(), hidden.cols());
                    backward.run(weights, hidden, gradient.load(tile, scope), target, recorder);
                    if (moves) {
                        gradient.store(tile, target);
                    }
                }
                options.listener().tileDone(block);
            }
        }
    }

    /** Stores the gradient if it stands at the entry of this block and blocks before it are left. */
    void storePosition(int block) {
        if (position == block && block != 0) {
            gradients.store(block, gradient, options.listener());
        }
    }

    private BlockWeights weights(int block) {
        return new BlockWeights(backend, inputs.weights(), inputs.block(block));
    }

    private TileStates start(int block) {
        return Objects.requireNonNull(starts.get(block), "start of block " + block);
    }

    private void drop(int block) {
        start(block).close();
        starts.remove(block);
    }

    private void closeStarts() {
        starts.values().forEach(TileStates::close);
        starts.clear();
    }

    @Override
    public void close() {
        closeStarts();
        backward.close();
        gradient.close();
    }
}
