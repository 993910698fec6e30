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
import java.util.Arrays;

/**
 * The weights v on a mask that come nearest to w: {@code min tr((w - v) H (w - v)ᵀ)} with v zero off the mask, H
 * damped. In a row with kept columns I and pruned columns Z that is {@code v_I = w_I + w_Z H_ZI H_II⁻¹} (OBR, arXiv
 * 2509.11177, whose printed sign is wrong). No row is factored: all rows take the steps of conjugate gradients
 * together, two products with an [n, n] matrix each, preconditioned by H⁻¹ on the mask. That is never less than the
 * inverse of H on the mask, so the residual times the preconditioned residual bounds what further steps can gain. The
 * bound is wide where a few directions of H are strong; then the gains of the last steps decide (Hestenes and Stiefel).
 */
public final class SupportFit {
    /** How far the error may be above the smallest one, as a share of it. */
    private static final double TOLERANCE = 1e-4;
    /** The last steps together gained no more than this share: they gained most of what there was before them. */
    private static final double RECENT_TOLERANCE = 3e-5;

    private static final int RECENT = 6;
    /** Where the error falls below this share of that of w on the mask, float32 has no more to say. */
    private static final double NOISE = 1e-6;
    /** Rows that take their steps together. */
    private static final int TILE = 1024;

    private static final int MAX_STEPS = 300;
    /**
     * What a fit to half the weights takes on a model without strong directions; with many of them it is up to six
     * times that.
     */
    private static final int USUAL_STEPS = 12;

    private final ComputeBackend backend;
    private final Tensor h;
    private final Tensor preconditioner;
    private final Cancellation cancellation;

    /**
     * @param error tr((w - v) H (w - v)ᵀ) with the damped H
     * @param steps of the rows that took most
     */
    public record Fitted(double error, int steps) {}

    private SupportFit(ComputeBackend backend, Tensor h, Tensor preconditioner, Cancellation cancellation) {
        this.backend = backend;
        this.h = h;
        this.preconditioner = preconditioner;
        this.cancellation = cancellation;
    }

    /** What {@link #of} keeps, and a fit allocates. */
    public static long workingBytes(int rows, int cols, int typeBytes) {
        long h = (long) cols * cols;
        return 2 * h * typeBytes + Math.min(rows, TILE) * (3L * cols * typeBytes + Double.BYTES);
    }

    /** Operations of a fit, in as many steps as one usually needs. */
    public static double operations(int rows, int cols) {
        return 4.0 * rows * cols * cols * USUAL_STEPS;
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
        return new SupportFit(backend, h, inverse, cancellation);
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
            Tensor product = like(scope, w);
            Tensor residual = like(scope, w);
            Tensor direction = like(scope, w);
            Tensor energies = scope.allocate(DType.F64, w.rows(), 1);
            double error = start(w, v, direction, residual);
            backend.elementwise().keep(mask, residual);
            backend.elementwise().scale(0, direction);
            Descent descent = new Descent(mask, v, residual, direction, energies);
            return run(descent, product, error);
        }
    }

    private static Tensor like(Scope scope, Tensor w) {
        return scope.allocate(w.dtype(), w.rows(), w.cols());
    }

    /** Leaves (w - v) H in the residual. */
    private double start(Tensor w, Tensor v, Tensor difference, Tensor residual) {
        backend.memory().copy(v, difference);
        backend.elementwise().scale(-1, difference);
        backend.elementwise().add(difference, w, difference);
        product(difference, h, residual);
        try (Scope scope = backend.memory().scope()) {
            Tensor sum = scope.allocate(DType.F64, 1, 1);
            backend.elementwise().addDot(difference, residual, sum);
            return backend.memory().value(sum);
        }
    }

    private Fitted run(Descent descent, Tensor product, double start) {
        double error = start;
        double[] gains = new double[RECENT];
        Arrays.fill(gains, start);
        for (int step = 0; step < MAX_STEPS; step++) {
            cancellation.check();
            product(descent.residual(), preconditioner, product);
            backend.rounding().turn(descent, product);
            double bound = backend.elementwise().mean(descent.energies()) * product.rows();
            double small = Math.max(error, NOISE * start);
            if (bound <= TOLERANCE * small || Arrays.stream(gains).sum() <= RECENT_TOLERANCE * small) {
                return new Fitted(error, step);
            }
            product(descent.direction(), h, product);
            gains[step % RECENT] = descend(descent, product);
            error -= gains[step % RECENT];
        }
        return new Fitted(error, MAX_STEPS);
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
