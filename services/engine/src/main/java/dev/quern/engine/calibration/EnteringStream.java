package dev.quern.engine.calibration;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.tiling.TileRun;
import dev.quern.recipes.Recipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a run of tiles, brought to the entries of blocks as the recipe's propagation says: from where it
 * stands, from the store, or from the tokens, whichever is nearest. Of a recipe with sequential propagation it passes a
 * block through the weights as read back from the block's artifact.
 */
final class EnteringStream implements AutoCloseable {
    private static final int NOWHERE = -1;

    private final ComputeBackend backend;
    private final WalkInputs inputs;
    private final BlockStore store;
    private final WalkOptions options;
    private final TileRun tiles;
    private final StreamPositions positions;
    private @Nullable StreamWalker walker;
    /** The block that the stream enters. */
    private int position = NOWHERE;

    EnteringStream(ComputeBackend backend, WalkInputs inputs, BlockStore store, WalkOptions options, TileRun tiles) {
        this.backend = backend;
        this.inputs = inputs;
        this.store = store;
        this.options = options;
        this.tiles = tiles;
        this.positions = new StreamPositions(inputs.provenance()::stream, new Commits(store, options.scratch()));
    }

    /** A block that the stream has to pass is not in the store. */
    static final class MissingBlockException extends IllegalStateException {
        private static final long serialVersionUID = 1;

        private MissingBlockException(ArtifactName block) {
            super(block + " (expected: committed)");
        }
    }

    /**
     * Brings the stream to the entry of a block.
     *
     * @throws MissingBlockException when the inputs come from compressed blocks of which one is not there
     * @throws dev.quern.engine.artifact.DamagedArtifactException naming what it could not continue from
     */
    void bringTo(int block) {
        if (position > block) {
            throw new IllegalStateException("stream: " + position + " (expected: at most " + block + ")");
        }
        restore(block);
        if (position == NOWHERE) {
            walker().embed(inputs.architecture(), inputs.weights(), inputs.windows());
            position = 0;
        }
        while (position < block) {
            try (BlockWeights weights = new BlockWeights(backend, inputs.weights(), inputs.calibrated(position))) {
                leave(position, weights);
            }
        }
    }

    /** Loads the nearest stored stream if there is one nearer than the stream in memory. */
    private void restore(int block) {
        for (int stored = block; stored > Math.max(position, 0); stored--) {
            if (positions.has(stored, tiles)) {
                TileStates stream = walker().stream();
                position = NOWHERE;
                if (positions.restore(stored, stream)) {
                    position = stored;
                }
            }
        }
    }

    /**
     * Runs a part of the tiles through the block that they enter, for the inputs of its linears; the stream stays where
     * it is.
     */
    void record(int block, BlockWeights weights, LinearInputs recorder, TileRun part) {
        walker().record(weights, recorder, part, () -> options.listener().tileDone(block));
    }

    /** Moves the stream through the block that it enters, with the weights given. */
    void advance(int block, BlockWeights weights, LinearInputs recorder) {
        // Until the last tile is through, the stream stands nowhere.
        position = NOWHERE;
        walker().advance(weights, recorder, () -> options.listener().tileDone(block));
        position = block + 1;
    }

    /** Moves the stream through a block that is done, as the propagation says. */
    void leave(int block, BlockWeights weights) {
        if (inputs.provenance().recipe().propagation() == Recipe.Propagation.SEQUENTIAL) {
            decode(block, weights);
        }
        advance(block, weights, LinearInputs.NONE);
    }

    /** Puts the block's weights as read back from its artifact in place of the originals. */
    private void decode(int block, BlockWeights weights) {
        ArtifactName name = inputs.provenance().block(block);
        List<BlockArtifact.Entry> linears = BlockArtifact.read(
                        store.find(name).orElseThrow(() -> new MissingBlockException(name)), name)
                .linears();
        BlockProgram program = weights.block().program();
        for (BlockArtifact.Entry entry : linears) {
            LinearSpec spec = program.linear(entry.record().name());
            weights.replace(spec, scope -> entry.linear().decode(backend, scope, inputs.storedType()));
        }
    }

    /** Stores the stream if it stands at the entry of this block and is not what embedding gives again. */
    void storePosition(int block) {
        if (position == block && block != 0) {
            positions.store(block, walker().stream(), options.listener());
        }
    }

    private StreamWalker walker() {
        if (walker == null) {
            walker = new StreamWalker(
                    backend, inputs.architecture(), inputs.tiling(), tiles, options.scratch(), options.cancellation());
        }
        return walker;
    }

    @Override
    public void close() {
        if (walker != null) {
            walker.close();
        }
    }
}
