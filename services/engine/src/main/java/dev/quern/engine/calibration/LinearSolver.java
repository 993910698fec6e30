package dev.quern.engine.calibration;

import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.GradientNames;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.compress.LinearCompressor;
import dev.quern.engine.compress.LinearCompressor.Compressed;
import dev.quern.engine.compress.LinearCompressor.Weight;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.method.Sketches;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WorkUnit;
import dev.quern.engine.statistics.SketchPlan;
import dev.quern.engine.statistics.StoredSketches;
import dev.quern.recipes.Recipe;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Compresses the linears of one block by one recipe, unit by unit, and keeps the results. */
final class LinearSolver {
    private final ComputeBackend backend;
    private final int output;
    private final Recipe recipe;
    private final WalkOptions options;
    private final int block;
    private final BlockWeights weights;
    private final LinearCompressor compressor;
    private final Map<String, BlockArtifact.Entry> done = new HashMap<>();
    private long lastNanos;

    /** @param output whose recipe it is, from 0 */
    LinearSolver(
            ComputeBackend backend,
            WalkInputs inputs,
            int output,
            BlockStore store,
            WalkOptions options,
            int block,
            BlockWeights weights) {
        this.backend = backend;
        this.output = output;
        this.recipe = inputs.provenances().get(output).recipe();
        this.options = options;
        this.block = block;
        this.weights = weights;
        this.compressor =
                new LinearCompressor(backend, recipe, inputs.storedType(), sketches(backend, inputs, store, block));
    }

    /** Null where no recipe of the walk needs gradients. */
    private static @Nullable Sketches sketches(ComputeBackend backend, WalkInputs inputs, BlockStore store, int block) {
        SketchPlan plan = inputs.sketches().orElse(null);
        if (plan == null) {
            return null;
        }
        GradientNames names =
                new GradientNames(inputs.provenance(), plan.seed(), plan.spec().sketch());
        StoredSketches fit = new StoredSketches(
                backend, store, names, plan.fit(), plan.spec().sides());
        StoredSketches heldOut = new StoredSketches(
                backend, store, names, List.of(plan.heldOut()), plan.spec().sides());
        return (linear, scope) -> {
            LinearSpec spec = inputs.block(block).program().linear(linear.name());
            return new Sketches.Pair(fit.read(block, spec, scope), heldOut.read(block, spec, scope));
        };
    }

    /** @param statistics null for a recipe that needs none */
    void solve(WorkUnit unit, @Nullable Statistics statistics) {
        List<LinearSpec> linears = RecipeFit.compressed(recipe, weights.block(), unit.linears());
        if (linears.isEmpty()) {
            return;
        }
        try (Scope scope = backend.memory().scope()) {
            List<Weight> unitWeights = linears.stream()
                    .map(spec -> new Weight(weights.block().id(spec), weights.working(spec, scope)))
                    .toList();
            lastNanos = System.nanoTime();
            compressor.compress(unitWeights, statistics, options.cancellation(), this::keep);
        }
    }

    private void keep(Compressed result) {
        long now = System.nanoTime();
        // What linears of a unit share, mostly the factor, counts for the first of them.
        double seconds = (now - lastNanos) / 1e9;
        lastNanos = now;
        LinearRecord linear = LinearRecord.of(result.linear(), result.figures(), seconds);
        done.put(linear.name(), new BlockArtifact.Entry(result.linear(), linear));
        options.listener().linearDone(output, block, linear);
    }

    /** The block's artifact, once all units are solved; linears in program order. */
    BlockArtifact artifact() {
        return artifact(weights.block().program().linears());
    }

    /** An artifact of these linears, once they are solved. */
    BlockArtifact artifact(List<LinearSpec> linears) {
        return artifact(weights.block(), recipe, block, linears, done);
    }

    /**
     * The requirements of the linears that the recipe compresses.
     *
     * @param index of the block
     * @param done by the linear's name
     */
    static BlockArtifact artifact(
            Block block, Recipe recipe, int index, List<LinearSpec> linears, Map<String, BlockArtifact.Entry> done) {
        List<BlockArtifact.Entry> entries = RecipeFit.compressed(recipe, block, linears).stream()
                .map(LinearSpec::name)
                .map(name -> Objects.requireNonNull(done.get(name), name))
                .toList();
        return new BlockArtifact(index, block.prefix(), entries);
    }
}
