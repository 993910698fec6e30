package dev.quern.engine.compress;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.mask.Pruner;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.ErrorMeasure;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.method.Rounder;
import dev.quern.engine.method.Rounder.Evidence;
import dev.quern.engine.method.Rounder.Rounded;
import dev.quern.engine.method.Sketches;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Rounding;
import dev.quern.recipes.Recipe.Treatment;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Compresses the linears of one work unit, those that share an input, as a recipe says. They share one factorisation;
 * each is swept on its own, so its bits do not depend on its neighbours.
 */
public final class LinearCompressor {
    /** Bytes per column of orders, groups, pivots, diagonals and flags. */
    private static final int VECTORS = 64;

    private final ComputeBackend backend;
    private final Recipe recipe;
    private final DType checkpointType;
    private final @Nullable Sketches sketches;

    /** @param values [rows, cols] in the backend's working type; read only */
    public record Weight(LinearId id, Tensor values) {}

    /**
     * A compressed linear and what it cost.
     *
     * @param loss the method's own account of its error. GPTQ: tr(E H Eᵀ) with the damped H and scales as decoded in
     *     the working type; plain rounding: tr(E H Eᵀ) with H as recorded
     */
    public record Compressed(CompressedLinear linear, LinearFigures figures, double loss) {}

    /** For a recipe that needs no gradients. */
    public LinearCompressor(ComputeBackend backend, Recipe recipe, DType checkpointType) {
        this(backend, recipe, checkpointType, null);
    }

    /**
     * @param checkpointType the dtype that loaders decode to; error figures are measured on it
     * @param sketches of the linears; null where the recipe needs no gradients
     */
    public LinearCompressor(ComputeBackend backend, Recipe recipe, DType checkpointType, @Nullable Sketches sketches) {
        this.backend = backend;
        this.recipe = recipe;
        this.checkpointType = checkpointType;
        this.sketches = sketches;
    }

    /**
     * Upper bound of the tensor bytes that {@link #compress} allocates for a method beside weights and statistics; a
     * mask takes {@link Pruner#workingBytes} more.
     *
     * @param rows of the largest linear of the unit
     * @param typeBytes of the working type
     */
    public static long workingBytes(Recipe.Rounding rounding, int rows, int cols, int typeBytes) {
        return Rounders.of(rounding).workingBytes(rows, cols, typeBytes)
                + ErrorMeasure.scratchBytes(rows, typeBytes)
                + VECTORS * (long) cols;
    }

    /**
     * Compresses all linears of a unit, in the order given.
     *
     * @param unit none that the recipe leaves as they are
     * @param statistics of their common input; null only where no linear needs any: figures then take H = I
     * @param done told of each linear when it is finished
     * @throws QuernException SHAPE_MISMATCH, or NON_FINITE_INPUTS when the statistics hold NaN or infinity
     * @throws Cancellation.CancelledException at most two seconds of work after cancellation was requested
     */
    public List<Compressed> compress(
            List<Weight> unit, @Nullable Statistics statistics, Cancellation cancellation, Consumer<Compressed> done) {
        // Before any work; RecipeFit has said it better.
        unit.forEach(
                weight -> treatment(weight).grid().groupSizeFor(weight.values().cols()));
        List<Compressed> results = new ArrayList<>();
        try (Scope scope = backend.memory().scope()) {
            Shared shared = prepare(scope, unit, statistics, cancellation);
            for (Weight weight : unit) {
                Compressed result = compress(weight, shared, cancellation);
                results.add(result);
                done.accept(result);
            }
        }
        return results;
    }

    /** Compresses one linear; see {@link #compress(List, Statistics, Cancellation, Consumer)}. */
    public Compressed compress(Weight weight, @Nullable Statistics statistics, Cancellation cancellation) {
        return compress(List.of(weight), statistics, cancellation, done -> {}).getFirst();
    }

    private Treatment treatment(Weight weight) {
        return recipe.of(weight.id().module()).orElseThrow();
    }

    /**
     * What the linears of a unit share.
     *
     * @param inputs null where none were recorded, or all were zero
     * @param pruner null where all weights are kept
     * @param rounders one for each method
     * @param tokens that were recorded; null where none were
     */
    private record Shared(
            @Nullable InputStatistics inputs,
            @Nullable Pruner pruner,
            Map<Rounding, Rounder.Unit> rounders,
            ErrorMeasure measure,
            @Nullable Long tokens) {}

    private Shared prepare(Scope scope, List<Weight> unit, @Nullable Statistics statistics, Cancellation cancellation) {
        InputStatistics inputs = switch (statistics) {
            case null -> null;
            case Statistics.Inputs recorded ->
                InputStatistics.of(backend, scope, recorded, unit.getFirst().id());
        };
        boolean silent = inputs != null && !inputs.hasSignal();
        InputStatistics heard = silent ? null : inputs;
        Map<Rounding, Rounder.Unit> rounders = new HashMap<>();
        for (Weight weight : unit) {
            rounders.computeIfAbsent(
                    treatment(weight).rounding(),
                    rounding -> silent && readsInputs(rounding)
                            ? LinearCompressor::unreached
                            : Rounders.of(rounding)
                                    .prepare(backend, scope, new Evidence(heard, sketches), cancellation));
        }
        ErrorMeasure measure = heard == null
                ? ErrorMeasure.plain(backend)
                : ErrorMeasure.weighted(backend, scope, heard.gram(), cancellation);
        int cols = unit.getFirst().values().cols();
        Pruner pruner =
                recipe.mask() == null ? null : Pruner.of(backend, scope, recipe.mask(), cols, heard, cancellation);
        Long tokens = switch (statistics) {
            case null -> null;
            case Statistics.Inputs recorded -> recorded.tokens();
        };
        return new Shared(heard, pruner, rounders, measure, tokens);
    }

    private static boolean readsInputs(Rounding rounding) {
        return switch (rounding.needs()) {
            case NOTHING -> false;
            case INPUTS -> true;
        };
    }

    private static Rounded unreached(
            Scope scope, LinearId linear, Tensor w, GridCodes start, Tensor scratch, Cancellation cancellation) {
        return Rounded.nearest(start, "no calibration input reached this linear");
    }

    private Compressed compress(Weight weight, Shared shared, Cancellation cancellation) {
        Tensor w = weight.values();
        Treatment treatment = treatment(weight);
        try (Scope scope = backend.memory().scope()) {
            Pruner.Pruned pruned =
                    shared.pruner() == null ? null : shared.pruner().prune(scope, w);
            Tensor kept = pruned == null ? w : pruned.weights();
            Tensor mask = pruned == null ? null : pruned.mask();
            GridOptions grid = options(treatment.grid(), w.cols());
            Tensor importance = importance(treatment.grid(), shared.inputs());
            GridCodes nearest = GridCodes.nearest(backend, scope, kept, importance, mask, grid, cancellation);
            Tensor scratch = scope.allocate(w.dtype(), w.rows(), w.cols());
            double reference = shared.measure().of(w);
            nearest.error(w, checkpointType, scratch);
            double nearestError = shared.measure().of(scratch);

            Rounder.Unit rounder = Objects.requireNonNull(shared.rounders().get(treatment.rounding()));
            Rounded rounded = rounder.round(scope, weight.id(), kept, nearest, scratch, cancellation);
            double error = nearestError;
            if (!rounded.codes().equals(nearest)) {
                rounded.codes().error(w, checkpointType, scratch);
                error = shared.measure().of(scratch);
            }
            CompressedLinear linear = rounded.codes().toLinear(weight.id(), treatment.grid());
            LinearFigures figures = new LinearFigures(
                    relative(error, reference),
                    relative(nearestError, reference),
                    rounded.damping(),
                    rounded.retries(),
                    rounded.fallback(),
                    readsInputs(treatment.rounding()) ? deadWeights(shared.inputs(), w) : 0,
                    rounded.codes().scaleToAbsmax(kept),
                    rounded.twoSided(),
                    linear.sparsity(),
                    shared.tokens());
            double loss = rounded.loss() == null ? nearestError : rounded.loss();
            return new Compressed(linear, figures, loss);
        }
    }

    /**
     * Dead columns that have weights. Their rows of H are zero: they take no part in the errors of others, and are
     * rounded to nearest. That this text never reached them does not say that another one will not.
     */
    private int deadWeights(@Nullable InputStatistics inputs, Tensor w) {
        if (inputs == null || inputs.dead().isEmpty()) {
            return 0;
        }
        double[] largest = new double[w.cols()];
        try (Scope scope = backend.memory().scope()) {
            Tensor columns = scope.allocate(DType.F64, 1, w.cols());
            backend.elementwise().columnMaxAbs(w, columns);
            backend.memory().download(columns, MemorySegment.ofArray(largest));
        }
        return (int) inputs.dead().stream().filter(j -> largest[j] != 0).count();
    }

    private GridOptions options(Recipe.Grid grid, int cols) {
        int columns = IntegerShape.of(grid, cols).columns(cols);
        boolean clipSearch = grid.clipSearch() != Recipe.ClipSearch.NONE;
        return new GridOptions(grid.bits(), columns, grid.symmetric(), clipSearch, checkpointType);
    }

    /** How much each column counts in the search of a grid; null where all count alike, or no input reached them. */
    private static @Nullable Tensor importance(Recipe.Grid grid, @Nullable InputStatistics inputs) {
        return switch (grid.clipSearch()) {
            case NONE, MSE -> null;
            case INPUTS -> inputs == null ? null : inputs.magnitudes();
        };
    }

    /** Zero where the weights reach no output: nothing is lost. */
    private static double relative(double error, double reference) {
        return reference == 0 ? 0 : Math.max(0, error / reference);
    }
}
