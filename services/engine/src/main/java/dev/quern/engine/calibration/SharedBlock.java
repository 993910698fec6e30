package dev.quern.engine.calibration;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.artifact.SharedNames;
import dev.quern.engine.artifact.StatisticsArtifact;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.calibration.EnteringStream.MissingBlockException;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.WorkUnit;
import dev.quern.engine.statistics.StatisticsGroups;
import dev.quern.engine.statistics.SymmetricSum;
import dev.quern.engine.statistics.UnitStatistics;
import dev.quern.engine.tiling.SumRuns;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.transform.QuantizedActivations;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * One block of a sequential walk, made by several workers at a time: each sums the statistics of a run of tiles, then
 * each compresses the linears of a work unit, then the parts are joined to the artifact that {@link BlockWalk} makes
 * alone, byte for byte. Every step leaves artifacts, so a repetition makes only what is missing. A step for which
 * something is missing that an earlier one makes says so and does nothing: another job on the same inputs may have
 * finished the block and cleaned up.
 */
public final class SharedBlock {
    private final ComputeBackend backend;
    private final WalkInputs inputs;
    private final BlockStore store;
    private final WalkOptions options;
    private final int block;
    private final List<TileRun> runs;
    private final List<WorkUnit> units;
    private final SharedNames names;

    /** Nothing is computed yet. The backend's thread is the caller's. */
    public SharedBlock(ComputeBackend backend, WalkInputs inputs, BlockStore store, WalkOptions options, int block) {
        this.backend = backend;
        this.inputs = inputs;
        this.store = store;
        this.options = options;
        this.block = block;
        this.runs = SumRuns.of(inputs.provenance().recipe(), inputs.tiling());
        this.units = inputs.calibrated(block).program().units();
        this.names = inputs.provenance().shared(block, units.size());
    }

    /**
     * Brings a run of tiles to the block, stores where it stands, and sums the statistics of all work units over it.
     *
     * @param run its index in {@link SumRuns}
     * @return false when a block before this one is missing
     * @throws dev.quern.engine.artifact.DamagedArtifactException naming what it could not continue from
     * @throws dev.quern.engine.Cancellation.CancelledException within about 2 s of a request; what was stored stays
     */
    public boolean sum(int run) {
        options.cancellation().check();
        List<WorkUnit> missing = missing(run);
        if (missing.isEmpty()) {
            return true;
        }
        options.listener().blockStarted(block);
        TileRun tiles = runs.get(run);
        try (EnteringStream stream = new EnteringStream(backend, inputs, store, options, tiles)) {
            stream.bringTo(block);
            stream.storePosition(block);
            try (BlockWeights weights = weights()) {
                for (List<WorkUnit> group : groups(missing)) {
                    sum(group, stream, weights, run);
                }
            }
            return true;
        } catch (MissingBlockException e) {
            return false;
        }
    }

    private List<WorkUnit> missing(int run) {
        if (store.contains(inputs.provenance().block(block))) {
            return List.of();
        }
        return IntStream.range(0, units.size())
                .filter(unit -> !store.contains(names.parts().get(unit))
                        && !store.contains(names.statistics().get(run).get(unit)))
                .mapToObj(units::get)
                .toList();
    }

    private List<List<WorkUnit>> groups(List<WorkUnit> missing) {
        return StatisticsGroups.of(missing, inputs.statisticsCost(), options.statisticsBytes(), 1);
    }

    private void sum(List<WorkUnit> group, EnteringStream stream, BlockWeights weights, int run) {
        try (UnitStatistics sums = new UnitStatistics(backend, group)) {
            stream.record(block, weights, sums, runs.get(run));
            for (WorkUnit unit : group) {
                options.cancellation().check();
                ArtifactName name = names.statistics().get(run).get(units.indexOf(unit));
                Statistics sum = sums.of(unit);
                commits().commit(name, file -> write(file, name, sum));
            }
        }
    }

    private void write(Path file, ArtifactName name, Statistics sum) {
        switch (sum) {
            case Statistics.Inputs(Tensor gram, long tokens) ->
                StatisticsArtifact.write(
                        file,
                        name,
                        gram.cols(),
                        tokens,
                        (from, to, panel) ->
                                backend.memory().download(gram.rows(from, to).cols(0, to), panel));
        }
    }

    /**
     * Compresses the linears of a work unit from the statistics of all runs.
     *
     * @param unit its index in the program; a block with fewer units has nothing to do for it
     * @return false when the statistics of a run are missing
     * @throws dev.quern.engine.artifact.DamagedArtifactException naming the statistics that are not what was stored
     * @throws dev.quern.engine.Cancellation.CancelledException within about 2 s of a request
     */
    public boolean solve(int unit) {
        options.cancellation().check();
        if (unit >= units.size()) {
            return true;
        }
        ArtifactName part = names.parts().get(unit);
        if (store.contains(inputs.provenance().block(block)) || store.contains(part)) {
            return true;
        }
        List<ArtifactName> sums = names.statistics().stream()
                .limit(runs.size())
                .map(run -> run.get(unit))
                .toList();
        if (!sums.stream().allMatch(store::contains)) {
            return false;
        }
        options.listener().blockStarted(block);
        WorkUnit work = units.get(unit);
        try (Scope scope = backend.memory().scope();
                BlockWeights weights = weights()) {
            Tensor gram = scope.allocate(DType.F64, work.cols(), work.cols());
            long tokens = 0;
            for (ArtifactName sum : sums) {
                options.cancellation().check();
                Optional<Path> file = store.find(sum);
                if (file.isEmpty()) {
                    return false;
                }
                SymmetricSum into = new SymmetricSum(backend, gram);
                tokens += StatisticsArtifact.read(file.get(), sum, work.cols(), into::add);
            }
            LinearSolver solver = new LinearSolver(backend, inputs, 0, store, options, block, weights);
            solver.solve(work, new Statistics.Inputs(gram, tokens));
            BlockArtifact solved = solver.artifact(work.linears());
            commits().commit(part, file -> solved.write(file, part));
            return true;
        }
    }

    /**
     * Puts the artifact of a block together from its parts, where it is not there yet.
     *
     * @param scratch an existing folder
     * @return false when a part is missing
     * @throws dev.quern.engine.artifact.DamagedArtifactException naming a part that is not what was stored
     */
    public static boolean join(
            Architecture architecture, Provenance provenance, BlockStore store, Path scratch, int block) {
        ArtifactName name = provenance.block(block);
        if (store.contains(name)) {
            return true;
        }
        Map<String, BlockArtifact.Entry> solved = new HashMap<>();
        Block made = QuantizedActivations.calibrated(provenance.recipe(), architecture, block);
        int units = made.program().units().size();
        for (ArtifactName part : provenance.shared(block, units).parts()) {
            Optional<Path> file = store.find(part);
            if (file.isEmpty()) {
                return false;
            }
            BlockArtifact.read(file.get(), part)
                    .linears()
                    .forEach(linear -> solved.put(linear.record().name(), linear));
        }
        BlockArtifact whole = LinearSolver.artifact(
                made, provenance.recipe(), block, made.program().linears(), solved);
        new Commits(store, scratch).commit(name, file -> whole.write(file, name));
        return true;
    }

    private Commits commits() {
        return new Commits(store, options.scratch());
    }

    private BlockWeights weights() {
        return new BlockWeights(backend, inputs.weights(), inputs.calibrated(block));
    }
}
