package dev.quern.engine.run;

import dev.quern.engine.backend.DType;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Model;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.plan.Plan;
import dev.quern.engine.plan.Planner;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.transform.Transforms;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.view.Estimate;
import java.nio.file.Path;
import java.util.List;

/** An open checkpoint of a model that we know, with every tensor that it must have. */
public record Source(Checkpoint checkpoint, Architecture architecture) implements AutoCloseable {
    /**
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT, UNSAFE_CHECKPOINT, ALREADY_QUANTIZED or
     *     UNSUPPORTED_ARCHITECTURE, naming the file, tensor or option
     */
    public static Source open(Path folder) {
        return of(Checkpoint.open(folder));
    }

    /**
     * As {@link #open(Path)} for a checkpoint that lies elsewhere.
     *
     * @param files closed with the source
     */
    public static Source open(CheckpointFiles files) {
        return of(Checkpoint.open(files));
    }

    private static Source of(Checkpoint checkpoint) {
        try {
            Architecture architecture = Architectures.of(checkpoint.config());
            architecture.check(checkpoint);
            requireOneReach(checkpoint, architecture);
            return new Source(checkpoint, architecture);
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    /** Scales are chosen for one dtype: those that f16 holds are not those that the others hold. */
    private static void requireOneReach(Checkpoint checkpoint, Architecture architecture) {
        List<TensorEntry> weights = RecipeFit.modules(architecture)
                .map(module -> checkpoint.entry(module.id().weight()))
                .toList();
        TensorEntry first = weights.getFirst();
        weights.stream()
                .filter(weight -> (weight.type() == StoredType.F16) != (first.type() == StoredType.F16))
                .findFirst()
                .ifPresent(other -> {
                    throw new QuernException(
                            ErrorCode.UNSUPPORTED_ARCHITECTURE,
                            "%s: %s (supported: one dtype for all linears, %s is %s)"
                                    .formatted(other.name(), other.type(), first.name(), first.type()));
                });
    }

    /** The dtype that linears are stored in: compressed ones are decoded to it, as loaders do. */
    public DType storedType() {
        RecipeFit.Module first = RecipeFit.modules(architecture).findFirst().orElseThrow();
        return checkpoint.entry(first.id().weight()).type().dtype();
    }

    /** The model as it is. */
    public Model model() {
        return new Model(architecture, checkpoint);
    }

    /** The model that a recipe compresses: what its transform makes of this one. */
    public Model model(Recipe recipe) {
        return Transforms.apply(recipe.transform(), model());
    }

    /** Recipes as they are for this model; throws as {@link RecipeFit#resolve}. */
    public List<Recipe> resolve(List<Recipe> recipes) {
        return recipes.stream()
                .map(recipe -> RecipeFit.resolve(recipe, architecture))
                .toList();
    }

    /** Plans from the headers; throws as {@link Planner#plan}. */
    public Plan plan(Workload workload, Budget budget, Fanout fanout) {
        return Planner.plan(architecture, checkpoint.tensorBytes(), storedType().bytes(), workload, budget, fanout);
    }

    /** What a compression would take; throws as {@link Planner#plan}. */
    public Estimate estimate(Workload workload, Budget budget, Fanout fanout) {
        return plan(workload, budget, fanout).estimate(checkpoint.tensorBytes(), budget, fanout);
    }

    /** Weights of the whole model. */
    public long parameters() {
        return checkpoint.tensorNames().stream()
                .mapToLong(name -> checkpoint.entry(name).shape().stream().reduce(1L, Math::multiplyExact))
                .sum();
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
