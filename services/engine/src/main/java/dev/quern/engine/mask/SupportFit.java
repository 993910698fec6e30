package dev.quern.engine.mask;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Rounding.Descent;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.gptq.DampedFactor;

/**
 * The weights v on a mask that come nearest to w: {@code min tr((w - v) H (w - v)ᵀ)} with v zero off the mask, H
 * damped. In a row with kept columns I and pruned columns Z that is {@code v_I = w_I + w_Z H_ZI H_II⁻¹} (OBR, arXiv
 * 2509.11177, whose printed sign is wrong).
 *
 * <p>No row is factored. At the best weights the gradient vanishes on the mask, so {@code w - v = y H⁻¹} with y zero on
 * I, and on Z, where w - v is given, y solves {@code y_Z (H⁻¹)_ZZ = (w - v)_Z}. All rows take the steps of conjugate
 * gradients to that y together, one product with an [n, n] matrix each. They are few: H⁻¹ has next to nothing of the
 * directions that are strong in H, and its pruned columns alone cannot bring that out, while H_II has all of them.
 *
 * <p>By duality no weights on the mask have an error below {@code 2 (w - v) yᵀ - y H⁻¹ yᵀ}, and with r, what is left of
 * the right hand side, those of a y have exactly {@code r H rᵀ} more. The steps stop by that.
 */
public final class SupportFit {
    /** How far the error may be above the smallest one, as a share of it. */
    private static final double TOLERANCE = 1e-4;
    /** Where the smallest error is below this share of that after one step, float32 has no more to say. */
    private static final double NOISE = 1e-5;
    /** Rows that take their steps together. */
    private static final int TILE = 1024;

    private static final int MAX_STEPS = 300;
    /** What a fit to half the weights takes, with the products that it stops by; to fewer weights it takes more. */
    private static final int USUAL_PRODUCTS = 12;

    private final ComputeBackend backend;
    private final Tensor h;
    private final Tensor inverse;
    private final Tensor diagonal;
    private final Cancellation cancellation;

    /**
     * @param error tr((w - v) H (w - v)ᵀ) with the damped H
     * @param steps of the rows that took most
     */
    public record Fitted(double error, int steps) {}

    private SupportFit(ComputeBackend backend, Tensor h, Tensor inverse, Tensor diagonal, Cancellation cancellation) {
        this.backend = backend;
        this.h = h;
        this.inverse = inverse;
        this.diagonal = diagonal;
        this.cancellation = cancellation;
    }

    /** What {@link #of} keeps, and a fit allocates. */
    public static long workingBytes(int rows, int cols, int typeBytes) {
        long h = (long) cols * cols;
        return 2 * h * typeBytes
                + (long) cols * Double.BYTES
                + Math.min(rows, TILE) * (4L * cols * typeBytes + Double.BYTES);
    }

    /** Operations of a fit, with as many products as one usually needs. */
    public static double operations(int rows, int cols) {
        return 2.0 * rows * cols * cols * USUAL_PRODUCTS;
    }

    /**
     * @param scope of the damped H and its inverse, [n, n] each, which linears of a unit share
     * @param factor of this H in natural order
     */
    public static SupportFit of(
            ComputeBackend backend,
            Scope scope,
            InputStatistics inputs,
            DampedFactor factor,
            Cancellation cancellation) {
        int n = inputs.columns();
        Tensor h = scope.allocate(backend.workingType(), n, n);
        Tensor inverse = scope.allocate(backend.workingType(), n, n);
        backend.memory().copy(inputs.gram(), h);
        backend.elementwise().addDiagonal(factor.damping() * inputs.meanDiagonal(), h);
        backend.linearAlgebra().invertFactored(factor.unit(), factor.pivots(), inverse);
        Tensor diagonal = scope.allocate(DType.F64, 1, n);
        backend.elementwise().diagonal(inverse, diagonal);
        return new SupportFit(backend, h, inverse, diagonal, cancellation);
    }

    /**
     * Fits v, rows by rows.
     *
     * @param w working type [m, n], read only
     * @param mask U8 [m, n]
     * @param v working type [m, n], out
     */
    public Fitted fit(Tensor w, Tensor mask, Tensor v) {
        backend.memory().copy(w, v);
        backend.elementwise().keep(mask, v);
        return refit(w, mask, v);
    }

    /**
     * Fits v again on a mask. What it holds elsewhere stays, and counts: the weights on the mask repay it.
     *
     * @param w working type [m, n], read only
     * @param mask U8 [m, n], 1 for what may move
     * @param v working type [m, n], in and out
     */
    public Fitted refit(Tensor w, Tensor mask, Tensor v) {
        double error = 0;
        int steps = 0;
        for (int row = 0; row < w.rows(); row += TILE) {
            int end = Math.min(w.rows(), row + TILE);
            Fitted rows = fitRows(w.rows(row, end), mask.rows(row, end), v.rows(row, end));
            error += rows.error();
            steps = Math.max(steps, rows.steps());
        }
        return new Fitted(error, steps);
    }

    private Fitted fitRows(Tensor w, Tensor mask, Tensor v) {
        try (Scope scope = backend.memory().scope()) {
            Tensor residual = like(scope, w);
            difference(w, v, residual);
            Tensor energies = scope.allocate(DType.F64, w.rows(), 1);
            Descent descent = new Descent(mask, residual, like(scope, w), energies);
            Fitted fitted = run(descent, like(scope, w), like(scope, w));
            backend.elementwise().keep(mask, residual);
            backend.elementwise().add(v, residual, v);
            return fitted;
        }
    }

    private static Tensor like(Scope scope, Tensor w) {
        return scope.allocate(w.dtype(), w.rows(), w.cols());
    }

    /** {@code target = a - b}. */
    private void difference(Tensor a, Tensor b, Tensor target) {
        backend.memory().copy(b, target);
        backend.elementwise().scale(-1, target);
        backend.elementwise().add(target, a, target);
    }

    /** A measurement takes as long as a step: what is left is measured where the last measurement promises enough. */
    private Fitted run(Descent descent, Tensor product, Tensor scratch) {
        double smallest = 0;
        double first = 0;
        double enough = Double.POSITIVE_INFINITY;
        for (int step = 0; ; step++) {
            cancellation.check();
            backend.rounding().turn(descent, diagonal);
            double energy = backend.elementwise().mean(descent.energies()) * product.rows();
            if (step == MAX_STEPS || (step > 0 && energy <= enough)) {
                double more = above(descent, scratch, product);
                first = first == 0 ? smallest + more : first;
                double allowed = TOLERANCE * Math.max(smallest, NOISE * first);
                if (step == MAX_STEPS || more <= allowed) {
                    return new Fitted(smallest + more, step);
                }
                enough = energy * allowed / more;
            }
            product(descent.direction(), inverse, product);
            smallest += descend(descent, product);
        }
    }

    /** By how much the error is above the smallest one at most: {@code r H rᵀ}. */
    private double above(Descent descent, Tensor left, Tensor product) {
        backend.memory().copy(descent.residual(), product);
        backend.elementwise().keep(descent.mask(), product);
        difference(descent.residual(), product, left);
        product(left, h, product);
        try (Scope scope = backend.memory().scope()) {
            Tensor sum = scope.allocate(DType.F64, 1, 1);
            backend.elementwise().addDot(left, product, sum);
            return backend.memory().value(sum);
        }
    }

    private double descend(Descent descent, Tensor product) {
        try (Scope scope = backend.memory().scope()) {
            Tensor gain = scope.allocate(DType.F64, 1, 1);
            backend.rounding().descend(descent, product, gain);
            return backend.memory().value(gain);
        }
    }

    private void product(Tensor a, Tensor matrix, Tensor target) {
        Precision precision = backend.precision(Precision.Use.SOLVE);
        backend.linearAlgebra().gemm(precision, 1, a, false, matrix, false, 0, target);
    }
}
