package dev.quern.engine.statistics;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.model.LinearSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The sketches of some linears of a block (Tseng et al., arXiv 2505.22988, one step of sketch B from the identity),
 * summed tile by tile in order: products, and sums within a tile, in the working precision, sums over tiles in float64.
 * Other linears pass by unseen.
 */
final class KroneckerSums implements SketchSums {
    private final ComputeBackend backend;
    private final int seqLen;
    private final Precision precision;
    private final Scope scope;
    private final Map<LinearSpec, Sum> sums = new HashMap<>();

    private static final class Sum {
        final Factor outer;
        final @Nullable Factor inner;
        long windows;

        Sum(Factor outer, @Nullable Factor inner) {
            this.outer = outer;
            this.inner = inner;
        }
    }

    private record Factor(Tensor sum, SketchRoute route) {}

    /** @param seqLen tokens of a window */
    KroneckerSums(ComputeBackend backend, List<LinearSpec> linears, int seqLen, Sides sides) {
        this(backend, linears, seqLen, sides, null);
    }

    /** @param route for all linears, whatever is cheaper */
    KroneckerSums(
            ComputeBackend backend, List<LinearSpec> linears, int seqLen, Sides sides, @Nullable SketchRoute route) {
        this.backend = backend;
        this.seqLen = seqLen;
        this.precision = backend.precision(Precision.Use.SOLVE);
        this.scope = backend.memory().scope();
        for (LinearSpec linear : linears) {
            Factor outer = factor(linear.rows(), linear.cols(), route);
            Factor inner = sides == Sides.OUTER ? null : factor(linear.cols(), linear.rows(), route);
            sums.put(linear, new Sum(outer, inner));
        }
    }

    private Factor factor(int width, int other, @Nullable SketchRoute route) {
        Tensor sum = scope.allocate(DType.F64, width, width);
        return new Factor(sum, Objects.requireNonNullElseGet(route, () -> SketchRoute.of(width, other, seqLen)));
    }

    /**
     * Multiplications and additions for each window, for plans.
     *
     * @param seqLen tokens of a window
     */
    static double operations(LinearSpec linear, int seqLen, Sides sides) {
        double outer = operations(linear.rows(), linear.cols(), seqLen);
        return sides == Sides.OUTER ? outer : outer + operations(linear.cols(), linear.rows(), seqLen);
    }

    private static double operations(int width, int other, int tokens) {
        return SketchRoute.of(width, other, tokens).operations(width, other, tokens);
    }

    /** As {@link SketchSpec#productElements}. */
    static long productElements(LinearSpec linear, long tokens, int seqLen) {
        long direct = (long) linear.rows() * linear.cols();
        long gram = tokens * Math.max(linear.rows(), linear.cols()) + (long) seqLen * seqLen;
        return Math.max(direct, gram);
    }

    /** There is one pass. */
    @Override
    public void begin(int pass) {}

    @Override
    public void record(LinearSpec linear, Tensor input, Tensor gradient) {
        Sum sum = sums.get(linear);
        if (sum != null) {
            add(gradient, input, sum.outer);
            if (sum.inner != null) {
                add(input, gradient, sum.inner);
            }
            sum.windows += input.rows() / seqLen;
        }
    }

    /** {@code sum += Σ_b a_bᵀ (c_b c_bᵀ) a_b}. */
    private void add(Tensor a, Tensor c, Factor factor) {
        switch (factor.route) {
            case DIRECT -> direct(a, c, factor.sum);
            case GRAM -> gram(a, c, factor.sum);
        }
    }

    /** Gradients by the weights below each other, as many as a tile of inputs has room for, are added at once. */
    private void direct(Tensor a, Tensor c, Tensor sum) {
        int windows = a.rows() / seqLen;
        int stacked = Math.clamp(a.rows() / Math.min(a.cols(), c.cols()), 1, windows);
        try (Scope products = backend.memory().scope()) {
            Tensor stack = products.reserve(backend.workingType(), stacked * c.cols(), a.cols());
            for (int first = 0; first < windows; first += stacked) {
                int count = Math.min(stacked, windows - first);
                for (int i = 0; i < count; i++) {
                    int from = (first + i) * seqLen;
                    Tensor whole = stack.rows(i * c.cols(), (i + 1) * c.cols());
                    Tensor window = a.rows(from, from + seqLen);
                    backend.linearAlgebra()
                            .gemm(precision, 1, c.rows(from, from + seqLen), true, window, false, 0, whole);
                }
                backend.linearAlgebra().addGram(stack.rows(0, count * c.cols()), sum);
            }
        }
    }

    /** The last product runs over all windows at once. */
    private void gram(Tensor a, Tensor c, Tensor sum) {
        try (Scope products = backend.memory().scope()) {
            Tensor gram = products.reserve(backend.workingType(), seqLen, seqLen);
            Tensor weighted = products.reserve(backend.workingType(), a.rows(), a.cols());
            for (int from = 0; from < a.rows(); from += seqLen) {
                Tensor window = c.rows(from, from + seqLen);
                backend.linearAlgebra().gemm(precision, 1, window, false, window, true, 0, gram);
                Tensor target = weighted.rows(from, from + seqLen);
                backend.linearAlgebra().gemm(precision, 1, gram, false, a.rows(from, from + seqLen), false, 0, target);
            }
            backend.linearAlgebra().addSymmetric(a, weighted, sum);
        }
    }

    @Override
    public KroneckerSketch of(LinearSpec linear) {
        Sum sum = Objects.requireNonNull(sums.get(linear), linear.name());
        Tensor inner = sum.inner == null ? null : sum.inner.sum;
        return new KroneckerSketch(sum.outer.sum, inner, sum.windows);
    }

    @Override
    public void close() {
        scope.close();
    }
}
