package dev.quern.bench;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.compress.LinearCompressor;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.method.gptq.GptqSweep;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.Recipe;
import java.util.function.Supplier;

/**
 * GPTQ of one weight, 4 bits in groups of 128: on the published loop's grid in its steps, and as the product does it.
 */
final class GptqCase {
    private static final int REPEATS = 5;
    private static final int GROUP = 128;
    private static final LinearId ID = new LinearId("", "w");
    private static final GridOptions TEXTBOOK = new GridOptions(4, GROUP, true, false, null);
    private static final Recipe PRODUCT = new Recipe(
            "gptq-w4a16",
            Recipe.Propagation.INDEPENDENT,
            new Recipe.Grid(4, GROUP, true, Recipe.ClipSearch.MSE),
            new Recipe.Gptq(Recipe.Order.STATIC, 0.01),
            true);

    private final ComputeBackend backend;
    private final Tensor w;
    private final Statistics.Inputs statistics;

    GptqCase(ComputeBackend backend, Tensor w, Statistics.Inputs statistics) {
        this.backend = backend;
        this.w = w;
        this.statistics = statistics;
    }

    /** What a step took, the fastest of several, and what it made. */
    record Timed<T>(double seconds, T result) {}

    private static <T> Timed<T> fastest(Supplier<T> step) {
        Timed<T> best = timed(step);
        for (int i = 1; i < REPEATS; i++) {
            Timed<T> next = timed(step);
            best = next.seconds < best.seconds ? next : best;
        }
        return best;
    }

    private static <T> Timed<T> timed(Supplier<T> step) {
        long start = System.nanoTime();
        T result = step.get();
        return new Timed<>((System.nanoTime() - start) / 1e9, result);
    }

    /** The factor in natural order. */
    Timed<DampedFactor> factor(Scope scope) {
        return fastest(() -> {
            InputStatistics inputs = InputStatistics.of(backend, scope, statistics, ID);
            Recipe.Gptq natural = new Recipe.Gptq(Recipe.Order.NONE, 0.01);
            return DampedFactor.of(backend, scope, inputs, natural, Cancellation.NEVER)
                    .orElseThrow();
        });
    }

    /** The sweep with lazy scales, not rounded; the result is tr(E H Eᵀ) in float64, H not damped. */
    Timed<Double> sweep(Scope scope, DampedFactor factor) {
        Tensor scales = scope.allocate(DType.F32, w.rows(), w.cols() / GROUP);
        Tensor zeros = scope.allocate(DType.U8, w.rows(), w.cols() / GROUP);
        Tensor codes = scope.allocate(DType.U8, w.rows(), w.cols());
        Tensor errors = scope.allocate(DType.F32, w.rows(), w.cols());
        GptqSweep sweep = new GptqSweep(backend, factor, TEXTBOOK, GROUP, Cancellation.NEVER).withLazyScales();
        Timed<Double> timed = fastest(() -> sweep.run(w, scales, zeros, codes, errors));
        return new Timed<>(timed.seconds, loss(scope, errors));
    }

    private double loss(Scope scope, Tensor errors) {
        Tensor exact = scope.allocate(DType.F64, w.rows(), w.cols());
        Tensor product = scope.allocate(DType.F64, w.rows(), w.cols());
        backend.memory().copy(errors, exact);
        backend.linearAlgebra().gemm(Precision.F64, 1, exact, false, statistics.gram(), false, 0, product);
        Tensor sum = scope.allocate(DType.F64, 1, 1);
        backend.elementwise().addDot(product, exact, sum);
        return backend.memory().value(sum);
    }

    /**
     * Everything that a job does for this linear once H is known: factor, clip search, sweep in static order, figures.
     */
    Timed<LinearFigures> product() {
        LinearCompressor compressor = new LinearCompressor(backend, PRODUCT, DType.BF16);
        LinearCompressor.Weight weight = new LinearCompressor.Weight(ID, w);
        return fastest(() ->
                compressor.compress(weight, statistics, Cancellation.NEVER).figures());
    }
}
