package dev.quern.engine.calibration;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.BlockWeights;
import dev.quern.engine.model.LinearInputs;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WorkUnit;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Propagation;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the artifacts of blocks. Owns the stream, which it brings to the entry of the block in work: from where it stands, from the
 * store, or from the tokens, whichever is nearest.
 */
final class BlockMaker implements AutoCloseable {
    private static final int NOWHERE = -1;

    private final ComputeBackend backend;
    private final WalkInputs inputs;
    private final BlockStore store;
    private final WalkOptions options;
    private final BlockProgram program;
    private final Commits commits;
    private final StreamPositions positions;
    private final TileRun tiles;
    private @Nullable StreamWalker walker;
    /** The block that the stream enters. */
    private int position = NOWHERE;

    BlockMaker(ComputeBackend backend, WalkInputs inputs, BlockStore store, WalkOptions options) {
        this.backend = backend;
        this.inputs = inputs;
        this.store = store;
        this.options = options;
        this.program = inputs.architecture().program();
        this.commits = new Commits(store, options.scratch());
        this.positions = new StreamPositions(inputs.provenance(), commits);
        this.tiles = TileRun.all(inputs.tiling());
    }

    /**
     * Compresses a block by each recipe whose artifact is missing, and commits the artifacts.
     *
     * @param last no block of the segment follows, so the stream need not go on
     * @return the linears by the first recipe
     */
    List<LinearRecord> make(int block, boolean last) {
        options.listener().blockStarted(block);
        try (BlockWeights weights = weights(block)) {
            Map<Provenance, LinearSolver> solvers = solvers(block, weights);
            if (needsStream()) {
                bringTo(block);
                calibrate(solvers.values(), weights, block, !isSequential() && !last);
            } else {
                solvers.values().forEach(solver -> program.units().forEach(unit -> solver.solve(unit, null)));
            }
            solvers.forEach((provenance, solver) -> commit(provenance.block(block), solver.artifact()));
            if (needsStream() && isSequential() && !last) {
                advance(block, weights);
            }
            LinearSolver first = solvers.get(inputs.provenance());
            return first == null ? stored(block) : first.artifact().records();
        }
    }

    /** One for each recipe whose artifact is missing, in order. */
    private Map<Provenance, LinearSolver> solvers(int block, BlockWeights weights) {
        Map<Provenance, LinearSolver> solvers = new LinkedHashMap<>();
        for (Provenance provenance : inputs.provenances()) {
            if (!store.contains(provenance.block(block))) {
                Recipe recipe = provenance.recipe();
                solvers.put(provenance, new LinearSolver(backend, inputs, recipe, options, block, weights));
            }
        }
        return solvers;
    }

    private void commit(ArtifactName name, BlockArtifact artifact) {
        commits.commit(name, file -> artifact.write(file, name));
    }

    private List<LinearRecord> stored(int block) {
        ArtifactName name = inputs.provenance().block(block);
        return BlockArtifact.readRecords(file(name), name);
    }

    /** Records statistics and solves, in as many passes over the tiles as memory asks for; the last one may move the stream on. */
    private void calibrate(Collection<LinearSolver> solvers, BlockWeights weights, int block, boolean moveOn) {
        List<List<WorkUnit>> groups = StatisticsGroups.of(program.units(), options.statisticsBytes());
        for (int i = 0; i < groups.size(); i++) {
            boolean move = moveOn && i + 1 == groups.size();
            try (UnitStatistics statistics = new UnitStatistics(backend, groups.get(i))) {
                pass(weights, statistics, block, move);
                for (WorkUnit unit : groups.get(i)) {
                    solvers.forEach(solver -> solver.solve(unit, statistics.of(unit)));
                }
            }
        }
    }

    private void pass(BlockWeights weights, LinearInputs recorder, int block, boolean move) {
        Runnable tileDone = () -> options.listener().tileDone(block);
        if (move) {
            // Until the last tile is through, the stream stands nowhere.
            position = NOWHERE;
            walker().advance(weights, recorder, tileDone);
            position = block + 1;
        } else {
            walker().record(weights, recorder, tileDone);
        }
    }

    /** Moves the stream through a block as the propagation says. */
    private void advance(int block, BlockWeights weights) {
        if (isSequential()) {
            decode(block, weights);
        }
        pass(weights, LinearInputs.NONE, block, true);
    }

    /** Puts the block's weights as read back from its artifact in place of the originals. */
    private void decode(int block, BlockWeights weights) {
        ArtifactName name = inputs.provenance().block(block);
        List<BlockArtifact.Entry> linears = BlockArtifact.read(file(name), name).linears();
        for (int i = 0; i < linears.size(); i++) {
            LinearSpec spec = program.linears().get(i);
            BlockArtifact.Entry entry = linears.get(i);
            weights.replace(spec, scope -> entry.linear().decode(backend, scope, inputs.storedType()));
        }
    }

    /** Brings the stream to the entry of a block. */
    private void bringTo(int block) {
        if (position > block) {
            throw new IllegalStateException("stream: " + position + " (expected: at most " + block + ")");
        }
        restore(block);
        if (position == NOWHERE) {
            walker().embed(inputs.architecture(), inputs.weights(), inputs.windows());
            position = 0;
        }
        while (position < block) {
            try (BlockWeights weights = weights(position)) {
                advance(position, weights);
            }
        }
    }

    /** Loads the nearest stored stream if there is one nearer than the stream in memory. */
    private void restore(int block) {
        for (int stored = block; stored > Math.max(position, 0); stored--) {
            if (positions.has(stored, tiles)) {
                HiddenStream stream = walker().stream();
                position = NOWHERE;
                if (positions.restore(stored, stream)) {
                    position = stored;
                }
            }
        }
    }

    /** Stores the stream if it stands at the entry of this block and is not what embedding gives again. */
    void storePosition(int block) {
        if (position == block && block != 0) {
            positions.store(block, walker().stream(), options.listener());
        }
    }

    private Path file(ArtifactName name) {
        return store.find(name).orElseThrow(() -> new IllegalStateException(name + " (expected: committed)"));
    }

    private BlockWeights weights(int block) {
        return new BlockWeights(backend, inputs.weights(), inputs.architecture().prefix(block));
    }

    private boolean needsStream() {
        return inputs.provenance().recipe().needsCalibration();
    }

    private boolean isSequential() {
        return inputs.provenance().recipe().propagation() == Propagation.SEQUENTIAL;
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
