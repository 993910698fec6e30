package dev.quern.engine.statistics;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.gradient.LinearGradients;
import dev.quern.engine.model.LinearSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The sketches of some linears of a block (Tseng et al., arXiv 2505.22988, one step of sketch B from the identity),
 * summed window by window and tile by tile in order: products in the working precision, sums in float64. Other linears
 * pass by unseen.
 */
public final class KroneckerSums implements LinearGradients, AutoCloseable {
    private final ComputeBackend backend;
    private final int seqLen;
    private final Sides sides;
    private final Precision precision;
    private final Scope scope;
    private final Map<LinearSpec, Sum> sums = new HashMap<>();

    private static final class Sum {
        final Tensor outer;
        final @Nullable Tensor inner;
        final SketchRoute route;
        long windows;

        Sum(Tensor outer, @Nullable Tensor inner, SketchRoute route) {
            this.outer = outer;
            this.inner = inner;
            this.route = route;
        }
    }

    /** @param seqLen tokens of a window */
    public KroneckerSums(ComputeBackend backend, List<LinearSpec> linears, int seqLen, Sides sides) {
        this(backend, linears, seqLen, sides, null);
    }

    /** @param route for all linears, whatever is cheaper */
    KroneckerSums(
            ComputeBackend backend,
            List<LinearSpec> linears,
            int seqLen,
            Sides sides,
            @Nullable SketchRoute route) {
        this.backend = backend;
        this.seqLen = seqLen;
        this.sides = sides;
        this.precision = backend.precision(Precision.Use.SOLVE);
        this.scope = backend.memory().scope();
        for (LinearSpec linear : linears) {
            SketchRoute cheaper = SketchRoute.of(linear.rows(), linear.cols(), seqLen, sides);
            Tensor outer = scope.allocate(DType.F64, linear.rows(), linear.rows());
            Tensor inner = sides == Sides.OUTER ? null : scope.allocate(DType.F64, linear.cols(), linear.cols());
            sums.put(linear, new Sum(outer, inner, Objects.requireNonNullElse(route, cheaper)));
        }
    }

    /** Bytes of the sums of a linear, float64. */
    public static long bytes(LinearSpec linear, Sides sides) {
        long outer = (long) linear.rows() * linear.rows();
        long inner = sides == Sides.OUTER ? 0 : (long) linear.cols() * linear.cols();
        return (outer + inner) * Double.BYTES;
    }

    /**
     * Which linears have their sums in memory at once: all where they fit, else as many as fit, in the order given. Each
     * further group costs one more pass back through the tiles. This changes no bit.
     *
     * @param budget bytes; a linear that alone exceeds it stands alone
     */
    public static List<List<LinearSpec>> groups(List<LinearSpec> linears, long budget, Sides sides) {
        List<List<LinearSpec>> groups = new ArrayList<>();
        long free = -1;
        for (LinearSpec linear : linears) {
            if (bytes(linear, sides) > free) {
                groups.add(new ArrayList<>());
                free = budget;
            }
            groups.getLast().add(linear);
            free -= bytes(linear, sides);
        }
        return groups;
    }

    @Override
    public void record(LinearSpec linear, Tensor input, Tensor gradient) {
        Sum sum = sums.get(linear);
        if (sum != null) {
            switch (sum.route) {
                case DIRECT -> direct(sum, input, gradient);
                case GRAM -> gram(sum, input, gradient);
            }
            sum.windows += input.rows() / seqLen;
        }
    }

    private void direct(Sum sum, Tensor input, Tensor gradient) {
        try (Scope products = backend.memory().scope()) {
            Tensor transposed = products.allocate(backend.workingType(), input.cols(), gradient.cols());
            Tensor whole = products.allocate(backend.workingType(), gradient.cols(), input.cols());
            for (int from = 0; from < input.rows(); from += seqLen) {
                Tensor x = input.rows(from, from + seqLen);
                Tensor g = gradient.rows(from, from + seqLen);
                backend.linearAlgebra().gemm(precision, 1, x, true, g, false, 0, transposed);
                backend.linearAlgebra().addGram(transposed, sum.outer);
                if (sum.inner != null) {
                    backend.linearAlgebra().gemm(precision, 1, g, true, x, false, 0, whole);
                    backend.linearAlgebra().addGram(whole, sum.inner);
                }
            }
        }
    }

    private void gram(Sum sum, Tensor input, Tensor gradient) {
        addWeighted(gradient, input, sum.outer);
        if (sum.inner != null) {
            addWeighted(input, gradient, sum.inner);
        }
    }

    /** {@code sum += Σ_b a_bᵀ (c_b c_bᵀ) a_b}: the last product runs over all windows at once. */
    private void addWeighted(Tensor a, Tensor c, Tensor sum) {
        try (Scope products = backend.memory().scope()) {
            Tensor weights = products.allocate(backend.workingType(), seqLen, seqLen);
            Tensor weighted = products.allocate(backend.workingType(), a.rows(), a.cols());
            for (int from = 0; from < a.rows(); from += seqLen) {
                Tensor window = c.rows(from, from + seqLen);
                backend.linearAlgebra().gemm(precision, 1, window, false, window, true, 0, weights);
                backend.linearAlgebra()
                        .gemm(
                                precision,
                                1,
                                weights,
                                false,
                                a.rows(from, from + seqLen),
                                false,
                                0,
                                weighted.rows(from, from + seqLen));
            }
            backend.linearAlgebra().addSymmetric(a, weighted, sum);
        }
    }

    /** Valid until closed. */
    public KroneckerSketch of(LinearSpec linear) {
        Sum sum = Objects.requireNonNull(sums.get(linear), linear.name());
        return new KroneckerSketch(sum.outer, sum.inner, sum.windows);
    }

    @Override
    public void close() {
        scope.close();
    }
}
