package dev.quern.engine.method;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.Recipe;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Compresses the linears of one work unit, those that share an input, as a recipe says. They share one factorisation; each is swept
 * on its own, so its bits do not depend on its neighbours.
 */
public final class LinearCompressor {
    /** Bytes per column of orders, groups, pivots, diagonals and flags. */
    private static final int VECTORS = 64;

    private final ComputeBackend backend;
    private final Recipe recipe;
    private final DType checkpointType;

    /** @param values [rows, cols] in the backend's working type; read only */
    public record Weight(String name, Tensor values) {}

    /** A compressed linear and what it cost. */
    public record Compressed(CompressedLinear linear, LinearFigures figures) {}

    /** @param checkpointType the dtype that loaders decode to; error figures are measured on it */
    public LinearCompressor(ComputeBackend backend, Recipe recipe, DType checkpointType) {
        this.backend = backend;
        this.recipe = recipe;
        this.checkpointType = checkpointType;
    }

    /**
     * Upper bound of the tensor bytes that {@link #compress} allocates beside weights and statistics.
     *
     * @param rows of the largest linear of the unit
     * @param typeBytes of the working type
     */
    public static long workingBytes(int rows, int cols, int typeBytes) {
        long h = (long) cols * cols;
        long w = (long) rows * cols;
        long factoring = h * (typeBytes + Double.BYTES);
        // Weights in order, moved, and errors, with one to spare; codes three times; scales of groups as small as 8.
        long sweeping = 2 * h * typeBytes + w * (4L * typeBytes + 5);
        return Math.max(factoring, sweeping) + ErrorMeasure.scratchBytes(rows, typeBytes) + VECTORS * (long) cols;
    }

    /**
     * Compresses all linears of a unit, in the order given.
     *
     * @param statistics of their common input; null only for a recipe that needs none, whose figures then take H = I
     * @param done told of each linear when it is finished
     * @throws QuernException SHAPE_MISMATCH, or NON_FINITE_INPUTS when the statistics hold NaN or infinity
     * @throws Cancellation.CancelledException at most two seconds of work after cancellation was requested
     */
    public List<Compressed> compress(
            List<Weight> unit, @Nullable Statistics statistics, Cancellation cancellation, Consumer<Compressed> done) {
        // Before any work; RecipeFit has said it better.
        unit.forEach(weight -> recipe.grid().groupSizeFor(weight.values().cols()));
        if (statistics == null && recipe.needsCalibration()) {
            throw new IllegalArgumentException("statistics: null (expected: sums of inputs for " + recipe.name() + ")");
        }
        List<Compressed> results = new ArrayList<>();
        try (Scope scope = backend.memory().scope()) {
            Unit shared = prepare(scope, unit.getFirst(), statistics, cancellation);
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

    /**
     * What the linears of a unit share.
     *
     * @param dead columns whose input was zero on every token
     * @param factor null for plain rounding; then fallback says why, if the recipe asked for more
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, and not handed out
    private record Unit(
            List<Integer> dead,
            @Nullable DampedFactor factor,
            @Nullable String fallback,
            ErrorMeasure measure) {
        static Unit nearest(@Nullable String fallback, ErrorMeasure measure) {
            return new Unit(List.of(), null, fallback, measure);
        }
    }

    private Unit prepare(Scope scope, Weight first, @Nullable Statistics statistics, Cancellation cancellation) {
        if (statistics == null) {
            return Unit.nearest(null, ErrorMeasure.plain(backend));
        }
        InputStatistics inputs = InputStatistics.of(backend, scope, statistics, first.name());
        if (!inputs.hasSignal()) {
            String reason = recipe.needsCalibration() ? "no calibration input reached this linear" : null;
            return Unit.nearest(reason, ErrorMeasure.plain(backend));
        }
        if (!(recipe.rounding() instanceof Recipe.Gptq gptq)) {
            return Unit.nearest(null, ErrorMeasure.weighted(backend, scope, inputs.gram(), cancellation));
        }
        Optional<DampedFactor> factor = DampedFactor.of(backend, scope, inputs, gptq, cancellation);
        ErrorMeasure measure = ErrorMeasure.weighted(backend, scope, inputs.gram(), cancellation);
        String reason = factor.isPresent() ? null : "H is not positive definite with any damping below 1";
        return new Unit(inputs.dead(), factor.orElse(null), reason, measure);
    }

    private Compressed compress(Weight weight, Unit unit, Cancellation cancellation) {
        Tensor w = weight.values();
        try (Scope scope = backend.memory().scope()) {
            GridCodes nearest = GridCodes.nearest(backend, scope, w, options(w.cols()), cancellation);
            Tensor scratch = scope.allocate(w.dtype(), w.rows(), w.cols());
            double reference = unit.measure().of(w);
            nearest.error(w, checkpointType, scratch);
            double nearestError = unit.measure().of(scratch);

            GridCodes chosen = nearest;
            double loss = nearestError;
            double error = nearestError;
            if (unit.factor() != null) {
                chosen = nearest.with(scope.allocate(DType.U8, w.rows(), w.cols()));
                loss = sweep(unit.factor(), w, chosen, scratch, cancellation);
                chosen.error(w, checkpointType, scratch);
                error = unit.measure().of(scratch);
            }
            LinearFigures figures =
                    figures(unit, error, nearestError, reference, deadWeights(unit, w), chosen.scaleToAbsmax(w), loss);
            return new Compressed(chosen.toLinear(weight.name(), recipe.grid()), figures);
        }
    }

    private static LinearFigures figures(
            Unit unit,
            double error,
            double nearest,
            double reference,
            int deadColumns,
            double scaleToAbsmax,
            double loss) {
        DampedFactor factor = unit.factor();
        return new LinearFigures(
                relative(error, reference),
                relative(nearest, reference),
                factor == null ? 0 : factor.damping(),
                factor == null ? 0 : factor.retries(),
                unit.fallback(),
                deadColumns,
                scaleToAbsmax,
                loss);
    }

    /**
     * Dead columns that have weights. Their rows of H are zero: they take no part in the errors of others, and are rounded to nearest. That
     * this text never reached them does not say that another one will not.
     */
    private int deadWeights(Unit unit, Tensor w) {
        if (unit.dead().isEmpty()) {
            return 0;
        }
        double[] largest = new double[w.cols()];
        try (Scope scope = backend.memory().scope()) {
            Tensor columns = scope.allocate(DType.F64, 1, w.cols());
            backend.elementwise().columnMaxAbs(w, columns);
            backend.memory().download(columns, MemorySegment.ofArray(largest));
        }
        return (int) unit.dead().stream().filter(j -> largest[j] != 0).count();
    }

    /** Sweeps w in the factor's order and puts the codes back in the linear's. */
    private double sweep(DampedFactor factor, Tensor w, GridCodes target, Tensor errors, Cancellation cancellation) {
        GptqSweep sweep = new GptqSweep(backend, factor, target.grid(), GptqSweep.PANEL, cancellation);
        if (factor.natural()) {
            return sweep.run(w, target.scales(), target.zeros(), target.codes(), errors);
        }
        try (Scope scope = backend.memory().scope()) {
            Tensor ordered = scope.allocate(w.dtype(), w.rows(), w.cols());
            Tensor codes = scope.allocate(DType.U8, w.rows(), w.cols());
            backend.memory().gatherColumns(w, factor.order(), ordered);
            double loss = sweep.run(ordered, target.scales(), target.zeros(), codes, errors);
            backend.memory().scatterColumns(codes, factor.order(), target.codes());
            return loss;
        }
    }

    private GridOptions options(int cols) {
        Recipe.Grid grid = recipe.grid();
        int group = grid.groupSizeFor(cols);
        int groupSize = group == 0 ? cols : group;
        boolean clipSearch = grid.clipSearch() == Recipe.ClipSearch.MSE;
        return new GridOptions(grid.bits(), groupSize, grid.symmetric(), clipSearch, checkpointType);
    }

    /** Zero where the weights reach no output: nothing is lost. */
    private static double relative(double error, double reference) {
        return reference == 0 ? 0 : Math.max(0, error / reference);
    }
}
