package dev.quern.engine.method.gptq;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.Rounder;
import dev.quern.recipes.Recipe.Gptq;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** GPTQ (Frantar et al., arXiv 2210.17323): one factor for a unit, a sweep for each linear. */
public record GptqRounder(Gptq gptq) implements Rounder {
    @Override
    public long workingBytes(int rows, int cols, int typeBytes) {
        long h = (long) cols * cols;
        long w = (long) rows * cols;
        long factoring = h * (typeBytes + Double.BYTES);
        // Weights in order, moved, and errors, with one to spare; codes three times; scales of groups as small as 8.
        long sweeping = 2 * h * typeBytes + w * (4L * typeBytes + 5);
        if (gptq.sweeps() == 0) {
            return Math.max(factoring, sweeping);
        }
        long polishing = CoordinateDescent.workingBytes(rows, cols, typeBytes);
        return CoordinateDescent.sharedBytes(cols, typeBytes) + Math.max(factoring, sweeping + polishing);
    }

    @Override
    public double unitOperations(int cols) {
        return (double) cols * cols * cols / 3;
    }

    /**
     * The sweep once, the error figures of the result and of plain rounding, and of the weights themselves. A polish
     * makes the gradient, and changes it twice in each sweep.
     */
    @Override
    public double operations(int rows, int cols) {
        double polish = gptq.sweeps() == 0 ? 0 : 2 + 4.0 * gptq.sweeps();
        return (4 + polish) * cols * cols * rows;
    }

    @Override
    public Unit prepare(ComputeBackend backend, Scope scope, Evidence evidence, Cancellation cancellation) {
        InputStatistics inputs = evidence.requireInputs("GPTQ");
        Optional<DampedFactor> factor = DampedFactor.of(backend, scope, inputs, gptq, cancellation);
        if (factor.isEmpty()) {
            return (local, linear, w, start, scratch, cancelled) ->
                    Rounded.nearest(start, "H is not positive definite with any damping below 1");
        }
        return gptq.sweeps() == 0 ? unit(backend, factor.get()) : polished(backend, scope, factor.get(), inputs);
    }

    private static Unit unit(ComputeBackend backend, DampedFactor factor) {
        return (scope, linear, w, start, scratch, cancelled) -> {
            GridCodes target = start.with(scope.allocate(DType.U8, w.rows(), w.cols()));
            double loss = sweep(backend, factor, w, target, scratch, cancelled);
            return new Rounded(target, loss, factor.damping(), factor.retries(), null);
        };
    }

    /** With the damping that the factor needed: what conditions the sweep conditions the polish. */
    private Unit polished(ComputeBackend backend, Scope shared, DampedFactor factor, InputStatistics inputs) {
        CoordinateDescent descent = CoordinateDescent.of(backend, shared, inputs, factor.damping());
        return (scope, linear, w, start, scratch, cancelled) -> {
            Tensor scales = scope.allocate(
                    start.scales().dtype(),
                    start.scales().rows(),
                    start.scales().cols());
            backend.memory().copy(start.scales(), scales);
            Tensor codes = scope.allocate(DType.U8, w.rows(), w.cols());
            GridCodes target = new GridCodes(
                    backend, start.grid(), codes, scales, start.zeros(), start.importance(), start.mask());
            sweep(backend, factor, w, target, scratch, cancelled);
            double loss = descent.run(w, target, gptq.sweeps(), cancelled);
            return new Rounded(target, loss, factor.damping(), factor.retries(), null);
        };
    }

    /** Sweeps w in the factor's order and puts the codes back in the linear's. */
    private static double sweep(
            ComputeBackend backend,
            DampedFactor factor,
            Tensor w,
            GridCodes target,
            Tensor errors,
            Cancellation cancellation) {
        GptqSweep sweep = new GptqSweep(backend, factor, target.grid(), GptqSweep.PANEL, cancellation);
        if (factor.natural()) {
            return sweep.run(w, target.mask(), target.scales(), target.zeros(), target.codes(), errors);
        }
        try (Scope scope = backend.memory().scope()) {
            Tensor ordered = scope.allocate(w.dtype(), w.rows(), w.cols());
            Tensor codes = scope.allocate(DType.U8, w.rows(), w.cols());
            backend.memory().gatherColumns(w, factor.order(), ordered);
            Tensor mask = ordered(backend, scope, target.mask(), factor);
            double loss = sweep.run(ordered, mask, target.scales(), target.zeros(), codes, errors);
            backend.memory().scatterColumns(codes, factor.order(), target.codes());
            return loss;
        }
    }

    private static @Nullable Tensor ordered(
            ComputeBackend backend, Scope scope, @Nullable Tensor mask, DampedFactor factor) {
        if (mask == null) {
            return null;
        }
        Tensor ordered = scope.allocate(DType.U8, mask.rows(), mask.cols());
        backend.memory().gatherColumns(mask, factor.order(), ordered);
        return ordered;
    }
}
