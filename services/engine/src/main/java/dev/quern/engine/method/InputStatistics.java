package dev.quern.engine.method;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import java.lang.foreign.MemorySegment;

/** {@link Statistics} that were looked at: finite, with the diagonal and the dead columns known. */
public final class InputStatistics {
    private final Tensor gram;
    private final Tensor diagonal;
    private final Tensor dead;
    private final int deadColumns;
    private final double meanDiagonal;

    private InputStatistics(Tensor gram, Tensor diagonal, Tensor dead, int deadColumns, double meanDiagonal) {
        this.gram = gram;
        this.diagonal = diagonal;
        this.dead = dead;
        this.deadColumns = deadColumns;
        this.meanDiagonal = meanDiagonal;
    }

    /**
     * @param name whose inputs these are, for the message
     * @throws QuernException NON_FINITE_INPUTS when H holds NaN or infinity
     */
    public static InputStatistics of(ComputeBackend backend, Scope scope, Statistics statistics, String name) {
        int n = statistics.gram().cols();
        if (!backend.elementwise().allFinite(statistics.gram())) {
            throw new QuernException(
                    ErrorCode.NON_FINITE_INPUTS,
                    "inputs of " + name + ": NaN or infinity after " + statistics.tokens()
                            + " tokens (expected: finite; does the original model overflow on this text?)");
        }
        Tensor diagonal = scope.allocate(DType.F64, 1, n);
        backend.elementwise().diagonal(statistics.gram(), diagonal);
        double[] values = new double[n];
        backend.memory().download(diagonal, MemorySegment.ofArray(values));
        byte[] dead = new byte[n];
        int deadColumns = 0;
        double sum = 0;
        for (int j = 0; j < n; j++) {
            dead[j] = (byte) (values[j] == 0 ? 1 : 0);
            deadColumns += dead[j];
            // A dead column counts as 1, as in the published code. Its row of H is zero, so any positive pivot serves
            // it.
            sum += values[j] == 0 ? 1 : values[j];
        }
        Tensor flags = backend.memory().upload(scope, MemorySegment.ofArray(dead), DType.U8, 1, n);
        return new InputStatistics(statistics.gram(), diagonal, flags, deadColumns, sum / n);
    }

    /** H as recorded, F64 [n, n]. */
    public Tensor gram() {
        return gram;
    }

    public int columns() {
        return gram.cols();
    }

    /** Columns whose input was zero on every token. */
    public int deadColumns() {
        return deadColumns;
    }

    /** False when every column is dead: the linear never ran. */
    public boolean hasSignal() {
        return deadColumns < columns();
    }

    /** F64 [1, n]. */
    Tensor diagonal() {
        return diagonal;
    }

    /** 1 where a column is dead, U8 [1, n]. */
    Tensor dead() {
        return dead;
    }

    double meanDiagonal() {
        return meanDiagonal;
    }
}
