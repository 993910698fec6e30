package dev.quern.engine.method.yaqa;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.method.Rounder;
import dev.quern.engine.method.Sketches;
import dev.quern.recipes.Yaqa;
import java.util.Objects;

/** YAQA (arXiv 2505.22988): linears of a unit share no more than their inputs, since each has sketches of its own. */
public record YaqaRounder(Yaqa yaqa) implements Rounder {
    /** Sketches: what the linear is rounded by, and what it is judged by. */
    private static final int SKETCHES = 2;

    /** The factors in float64, copies in the working type to judge by, and each side shrunk, factored and in order. */
    @Override
    public long workingBytes(int rows, int cols, int typeBytes) {
        long outer = (long) rows * rows;
        long inner = (long) cols * cols;
        long w = (long) rows * cols;
        long factors = SKETCHES * (outer + inner) * Double.BYTES;
        long measure = (outer + inner) * typeBytes;
        long factoring = (outer + inner) * (2L * Double.BYTES + 2L * typeBytes);
        // Weights in order twice, errors and a difference; codes of two results and of a sweep; scales of groups of 8.
        long sweeping = w * (5L * typeBytes + 6);
        return factors + measure + factoring + sweeping;
    }

    @Override
    public double unitOperations(int cols) {
        return 0;
    }

    /**
     * A factor of each side, a sweep from one side, and for each share another factor of the outputs and a sweep from
     * both; the error of each result, and the figures of one.
     */
    @Override
    public double operations(int rows, int cols) {
        double shares = yaqa.shrinkage().size();
        double w = (double) rows * cols;
        double factors = Math.pow(cols, 3) / 3 + shares * Math.pow(rows, 3) / 3;
        double sweeps = w * cols + shares * w * (rows + cols);
        double errors = (2 + shares) * 2 * w * (rows + cols);
        return factors + sweeps + errors + 3 * w * cols;
    }

    @Override
    public Unit prepare(ComputeBackend backend, Scope scope, Evidence evidence, Cancellation cancellation) {
        Tensor gram = evidence.requireInputs("YAQA").gram();
        Sketches sketches = Objects.requireNonNull(evidence.sketches(), "sketches (expected: those of the unit)");
        return (local, linear, w, start, scratch, cancelled) -> {
            DType stored = Objects.requireNonNull(start.grid().stored(), "grid.stored");
            YaqaRounding rounding = new YaqaRounding(backend, yaqa, stored, cancelled);
            try (Scope factors = backend.memory().scope()) {
                Sketches.Pair pair = sketches.of(linear, factors);
                return rounding.round(
                        local, linear, w, start, withInner(pair.fit(), gram), withInner(pair.heldOut(), gram));
            }
        };
    }

    /** The inputs are the same for both: they are well known, and it is the outputs that few windows tell little of. */
    private KroneckerSketch withInner(KroneckerSketch sketch, Tensor gram) {
        return switch (yaqa.inputFactor()) {
            case FISHER -> sketch;
            case ACTIVATIONS -> sketch.withInner(gram);
        };
    }
}
