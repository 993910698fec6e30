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

/**
 * Sketch A of Tseng et al. (arXiv 2505.22988): the power iteration for the product of Kronecker that is closest to the
 * Fisher information of tokens that are taken by themselves, {@code Σ_t (g_t g_tᵀ) ⊗ (x_t x_tᵀ)}. Each pass over the
 * tiles is a half-step:
 *
 * <pre>
 * pass 0:            H_I = Σ_t x_t x_tᵀ
 * passes 1, 3, ...:  H_O = Σ_t (x_tᵀ H_I x_t) g_t g_tᵀ
 * passes 2, 4, ...:  H_I = Σ_t (g_tᵀ H_O g_t) x_t x_tᵀ
 * </pre>
 *
 * The paper divides by the squared Frobenius norm of the factor that weighs. A positive factor changes nothing of a
 * sketch, so here each sum is scaled by the power of two that brings the mean of its diagonal to [1, 2): its values fit
 * float32 however large gradients are, no bit of them is lost, and it does not matter when that happens. Products run
 * in the working precision, sums in float64, tile by tile in order.
 */
final class TokenSums implements SketchSums {
    /** Tokens that are weighed at once: the products take this part of n as much again as those with H. */
    private static final int CHUNK = 64;

    private final ComputeBackend backend;
    private final int seqLen;
    private final Sides sides;
    private final Precision precision;
    private final Scope scope;
    private final Map<LinearSpec, Sum> sums = new HashMap<>();
    private int pass;

    private static final class Sum {
        final Tensor outer;
        final Tensor inner;
        long windows;

        Sum(Tensor outer, Tensor inner) {
            this.outer = outer;
            this.inner = inner;
        }
    }

    /**
     * @param seqLen tokens of a window
     * @param sides of the results
     */
    TokenSums(ComputeBackend backend, List<LinearSpec> linears, int seqLen, Sides sides) {
        this.backend = backend;
        this.seqLen = seqLen;
        this.sides = sides;
        this.precision = backend.precision(Precision.Use.SOLVE);
        this.scope = backend.memory().scope();
        for (LinearSpec linear : linears) {
            Tensor outer = scope.allocate(DType.F64, linear.rows(), linear.rows());
            Tensor inner = scope.allocate(DType.F64, linear.cols(), linear.cols());
            sums.put(linear, new Sum(outer, inner));
        }
    }

    /** Multiplications and additions for each token. Of a symmetric sum one triangle is computed. */
    static double operations(LinearSpec linear, int passes) {
        double m = linear.rows();
        double n = linear.cols();
        double weighing = 2 * CHUNK * (m + n);
        int outer = passes / 2;
        int inner = (passes - 1) / 2;
        return n * n + outer * (2 * n * n + weighing + m * m) + inner * (2 * m * m + weighing + n * n);
    }

    /** As {@link SketchSpec#productElements}. */
    static long productElements(LinearSpec linear, long tokens) {
        long widest = Math.max(linear.rows(), linear.cols());
        return widest * widest + tokens * ((long) linear.rows() + linear.cols());
    }

    @Override
    public void begin(int begun) {
        pass = begun;
        for (Sum sum : sums.values()) {
            if (pass > 0) {
                scale(sumsOuter() ? sum.inner : sum.outer);
            }
            // A NaN stays one, and is refused where the sketch is read.
            backend.elementwise().scale(0, sumsOuter() ? sum.outer : sum.inner);
            sum.windows = 0;
        }
    }

    private void scale(Tensor sum) {
        try (Scope means = backend.memory().scope()) {
            Tensor diagonal = means.reserve(DType.F64, 1, sum.cols());
            backend.elementwise().diagonal(sum, diagonal);
            int exponent = Math.getExponent(backend.elementwise().mean(diagonal));
            backend.elementwise().scale(Math.scalb(1.0, -exponent), sum);
        }
    }

    private boolean sumsOuter() {
        return pass % 2 == 1;
    }

    @Override
    public void record(LinearSpec linear, Tensor input, Tensor gradient) {
        Sum sum = sums.get(linear);
        if (sum != null) {
            if (pass == 0) {
                backend.linearAlgebra().addGram(input, sum.inner);
            } else if (sumsOuter()) {
                add(gradient, input, sum.inner, sum.outer);
            } else {
                add(input, gradient, sum.outer, sum.inner);
            }
            sum.windows += input.rows() / seqLen;
        }
    }

    /** {@code sum += Σ_t (c_tᵀ h c_t) a_t a_tᵀ}. */
    private void add(Tensor a, Tensor c, Tensor h, Tensor sum) {
        DType type = backend.workingType();
        try (Scope products = backend.memory().scope()) {
            Tensor factor = products.reserve(type, h.rows(), h.cols());
            backend.memory().copy(h, factor);
            Tensor turned = products.reserve(type, c.rows(), c.cols());
            backend.linearAlgebra().gemm(precision, 1, c, false, factor, false, 0, turned);
            Tensor weighed = products.reserve(type, a.rows(), a.cols());
            for (int from = 0; from < a.rows(); from += CHUNK) {
                int to = Math.min(from + CHUNK, a.rows());
                weigh(turned.rows(from, to), c.rows(from, to), a.rows(from, to), weighed.rows(from, to));
            }
            backend.linearAlgebra().addSymmetric(a, weighed, sum);
        }
    }

    /** {@code target = D a}, where D is the diagonal of {@code turned cᵀ}: a weight for each token. */
    private void weigh(Tensor turned, Tensor c, Tensor a, Tensor target) {
        try (Scope weights = backend.memory().scope()) {
            Tensor square = weights.reserve(backend.workingType(), a.rows(), a.rows());
            Tensor diagonal = weights.reserve(DType.F64, 1, a.rows());
            backend.linearAlgebra().gemm(precision, 1, turned, false, c, true, 0, square);
            backend.elementwise().diagonal(square, diagonal);
            backend.elementwise().scale(0, square);
            backend.elementwise().addDiagonal(1, diagonal, square);
            backend.linearAlgebra().gemm(precision, 1, square, false, a, false, 0, target);
        }
    }

    @Override
    public KroneckerSketch of(LinearSpec linear) {
        Sum sum = Objects.requireNonNull(sums.get(linear), linear.name());
        scale(sum.outer);
        scale(sum.inner);
        return new KroneckerSketch(sum.outer, sides == Sides.OUTER ? null : sum.inner, sum.windows);
    }

    @Override
    public void close() {
        scope.close();
    }
}
