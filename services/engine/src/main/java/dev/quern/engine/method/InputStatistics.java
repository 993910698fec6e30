package dev.quern.engine.method;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** {@link Statistics.Inputs} that were looked at: finite, with the diagonal and the dead columns known. */
public final class InputStatistics {
    private final Tensor gram;
    private final Tensor diagonal;
    private final Tensor magnitudes;
    private final List<Integer> dead;
    private final double meanDiagonal;

    private InputStatistics(Tensor gram, Tensor diagonal, Tensor magnitudes, List<Integer> dead, double meanDiagonal) {
        this.gram = gram;
        this.diagonal = diagonal;
        this.magnitudes = magnitudes;
        this.dead = dead;
        this.meanDiagonal = meanDiagonal;
    }

    /**
     * @param linear whose inputs these are, for the message
     * @throws QuernException NON_FINITE_INPUTS when H holds NaN or infinity
     */
    public static InputStatistics of(
            ComputeBackend backend, Scope scope, Statistics.Inputs statistics, LinearId linear) {
        int n = statistics.gram().cols();
        if (!backend.elementwise().allFinite(statistics.gram())) {
            throw new QuernException(
                    ErrorCode.NON_FINITE_INPUTS,
                    "inputs of " + linear + ": NaN or infinity after " + statistics.tokens()
                            + " tokens (expected: finite; does the original model overflow on this text?)");
        }
        Tensor diagonal = scope.allocate(DType.F64, 1, n);
        backend.elementwise().diagonal(statistics.gram(), diagonal);
        double[] values = new double[n];
        backend.memory().download(diagonal, MemorySegment.ofArray(values));
        List<Integer> dead =
                IntStream.range(0, n).filter(j -> values[j] == 0).boxed().toList();
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        double[] roots = Arrays.stream(values).map(Math::sqrt).toArray();
        Tensor magnitudes = backend.memory().upload(scope, MemorySegment.ofArray(roots), DType.F64, 1, n);
        // Over the live columns only: what the text did not reach must not decide how the rest is damped.
        double mean = sum / Math.max(1, n - dead.size());
        return new InputStatistics(statistics.gram(), diagonal, magnitudes, dead, mean);
    }

    /** H as recorded, F64 [n, n]. */
    public Tensor gram() {
        return gram;
    }

    public int columns() {
        return gram.cols();
    }

    /** Columns whose input was zero on every token, rising. */
    public List<Integer> dead() {
        return dead;
    }

    /** False when every column is dead: the linear never ran. */
    public boolean hasSignal() {
        return dead.size() < columns();
    }

    /** F64 [1, n]. */
    public Tensor diagonal() {
        return diagonal;
    }

    /** The root of the diagonal, F64 [1, n]: the root mean square input of each column, up to a common factor. */
    public Tensor magnitudes() {
        return magnitudes;
    }

    /** The mean of the diagonal of H over the live columns. */
    public double meanDiagonal() {
        return meanDiagonal;
    }
}
