package dev.quern.engine.calibration;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.model.WorkUnit;
import dev.quern.engine.statistics.StatisticsGroups;
import dev.quern.engine.statistics.UnitStatistics;
import dev.quern.engine.tiling.SumRuns;
import dev.quern.engine.tiling.TileRun;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Propagation;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes the artifacts of blocks from the stream of all tiles, which it moves on from block to block. */
final class BlockMaker implements AutoCloseable {
    private final ComputeBackend backend;
    private final WalkInputs inputs;
    private final BlockStore store;
    private final WalkOptions options;
    private final Commits commits;
    private final List<TileRun> runs;
    private final EnteringStream stream;

    BlockMaker(ComputeBackend backend, WalkInputs inputs, BlockStore store, WalkOptions options) {
        this.backend = backend;
        this.inputs = inputs;
        this.store = store;
        this.options = options;
        this.commits = new Commits(store, options.scratch());
        this.runs = SumRuns.of(inputs.provenance().recipe(), inputs.tiling());
        this.stream = new EnteringStream(backend, inputs, store, options, TileRun.all(inputs.tiling()));
    }

    /**
     * Compresses a block by each recipe whose artifact is missing, and commits the artifacts.
     *
     * @param last no block of the segment follows, so the stream need not continue
     * @return the linears of the first output, which boards show
     */
    List<LinearRecord> make(int block, boolean last) {
        options.listener().blockStarted(block);
        try (BlockWeights weights = weights(block)) {
            Map<Provenance, LinearSolver> solvers = solvers(block, weights);
            if (needsStream()) {
                stream.bringTo(block);
                calibrate(solvers.values(), weights, block, !isSequential() && !last);
            } else {
                List<WorkUnit> units = weights.block().program().units();
                solvers.values().forEach(solver -> units.forEach(unit -> solver.solve(unit, null)));
            }
            solvers.forEach((provenance, solver) -> commit(provenance.block(block), solver.artifact()));
            if (needsStream() && isSequential() && !last) {
                stream.leave(block, weights);
            }
            LinearSolver first = solvers.get(inputs.provenance());
            return first == null ? stored(block) : first.artifact().records();
        }
    }

    /** One for each recipe whose artifact is missing, in order. */
    private Map<Provenance, LinearSolver> solvers(int block, BlockWeights weights) {
        Map<Provenance, LinearSolver> solvers = new LinkedHashMap<>();
        for (int output = 0; output < inputs.provenances().size(); output++) {
            Provenance provenance = inputs.provenances().get(output);
            if (!store.contains(provenance.block(block))) {
                solvers.put(provenance, new LinearSolver(backend, inputs, output, store, options, block, weights));
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

    /**
     * Records statistics and solves, in as many passes over the tiles as memory asks for; the last one may move the
     * stream on.
     */
    private void calibrate(Collection<LinearSolver> solvers, BlockWeights weights, int block, boolean moveOn) {
        Recipe recipe = inputs.provenance().recipe();
        List<List<WorkUnit>> groups = StatisticsGroups.of(
                weights.block().program().units(),
                inputs.statisticsCost(),
                options.statisticsBytes(),
                SumRuns.buffers(recipe, inputs.tiling()));
        for (int i = 0; i < groups.size(); i++) {
            boolean move = moveOn && i + 1 == groups.size();
            try (UnitStatistics statistics = new UnitStatistics(backend, groups.get(i))) {
                record(groups.get(i), statistics, weights, block, move);
                for (WorkUnit unit : groups.get(i)) {
                    solvers.forEach(solver -> solver.solve(unit, statistics.of(unit)));
                }
            }
        }
    }

    private void record(
            List<WorkUnit> units, UnitStatistics statistics, BlockWeights weights, int block, boolean move) {
        if (move) {
            stream.advance(block, weights, statistics);
        } else if (runs.size() == 1) {
            stream.record(block, weights, statistics, runs.getFirst());
        } else {
            for (TileRun run : runs) {
                try (UnitStatistics part = new UnitStatistics(backend, units)) {
                    stream.record(block, weights, part, run);
                    statistics.add(part);
                }
            }
        }
    }

    void storePosition(int block) {
        stream.storePosition(block);
    }

    private Path file(ArtifactName name) {
        return store.find(name).orElseThrow(() -> new IllegalStateException(name + " (expected: committed)"));
    }

    private BlockWeights weights(int block) {
        return new BlockWeights(backend, inputs.weights(), inputs.calibrated(block));
    }

    private boolean needsStream() {
        return inputs.provenance().recipe().needsCalibration();
    }

    private boolean isSequential() {
        return inputs.provenance().recipe().propagation() == Propagation.SEQUENTIAL;
    }

    @Override
    public void close() {
        stream.close();
    }
}
