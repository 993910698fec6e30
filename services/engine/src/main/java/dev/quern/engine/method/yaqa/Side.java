package dev.quern.engine.method.yaqa;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One factor of a sketch, looked at: finite, with its diagonal known. */
final class Side {
    private final ComputeBackend backend;
    /** F64 [n, n]; it is read only. */
    private final Tensor h;
    /** Zero where no gradient ever came. */
    private final double[] diagonal;

    private Side(ComputeBackend backend, Tensor h, double[] diagonal) {
        this.backend = backend;
        this.h = h;
        this.diagonal = diagonal;
    }

    /**
     * @param linear whose factor this is, for the message
     * @throws QuernException NON_FINITE_INPUTS when h holds NaN or infinity
     */
    static Side of(ComputeBackend backend, Tensor h, LinearId linear, long windows) {
        if (!backend.elementwise().allFinite(h)) {
            throw new QuernException(
                    ErrorCode.NON_FINITE_INPUTS,
                    "gradients of " + linear + ": NaN or infinity after " + windows
                            + " windows (expected: finite; does the original model overflow on this text?)");
        }
        double[] diagonal = new double[h.cols()];
        try (Scope scope = backend.memory().scope()) {
            Tensor vector = scope.allocate(DType.F64, 1, h.cols());
            backend.elementwise().diagonal(h, vector);
            backend.memory().download(vector, MemorySegment.ofArray(diagonal));
        }
        return new Side(backend, h, diagonal);
    }

    /** False when no gradient came at all. */
    boolean hasSignal() {
        return Arrays.stream(diagonal).anyMatch(value -> value > 0);
    }

    /** Over the live part only: what the text did not reach must not decide how the rest is damped. */
    private double mean() {
        return Arrays.stream(diagonal).filter(value -> value != 0).average().orElse(0);
    }

    /** {@code (1 - share) h + share mean(diag h) I}, in the scope. */
    Side shrunk(Scope scope, double share) {
        if (share == 0) {
            return this;
        }
        double mean = Arrays.stream(diagonal).average().orElse(0);
        Tensor copy = scope.allocate(DType.F64, h.rows(), h.cols());
        backend.memory().copy(h, copy);
        backend.elementwise().scale(1 - share, copy);
        backend.elementwise().addDiagonal(share * mean, copy);
        double[] moved = Arrays.stream(diagonal)
                .map(value -> (1 - share) * value + share * mean)
                .toArray();
        return new Side(backend, copy, moved);
    }

    /** The places by falling diagonal, equal values by rising index. */
    int[] falling() {
        return sorted(IntStream.range(0, diagonal.length).boxed().toArray(Integer[]::new));
    }

    /** Groups of columns by their falling largest values, and the columns of each by falling diagonal. */
    int[] fallingInGroups(int groupSize) {
        int groups = diagonal.length / groupSize;
        int[][] columns = new int[groups][];
        for (int g = 0; g < groups; g++) {
            columns[g] = sorted(
                    IntStream.range(g * groupSize, (g + 1) * groupSize).boxed().toArray(Integer[]::new));
        }
        // Sorting objects is stable: equal groups keep their order.
        Arrays.sort(columns, Comparator.comparingDouble(group -> -diagonal[group[0]]));
        return Arrays.stream(columns).flatMapToInt(Arrays::stream).toArray();
    }

    private int[] sorted(Integer[] places) {
        Arrays.sort(places, Comparator.comparingDouble(place -> -diagonal[place]));
        return Arrays.stream(places).mapToInt(place -> place).toArray();
    }

    /**
     * As {@link DampedFactor#of}.
     *
     * @param order null takes the places as they stand
     */
    Optional<DampedFactor> factor(Scope scope, int @Nullable [] order, double damping, Cancellation cancellation) {
        Tensor places = order == null ? null : vector(backend, scope, order);
        return DampedFactor.of(backend, scope, h, places, mean(), damping, cancellation);
    }

    static Tensor vector(ComputeBackend backend, Scope scope, int[] values) {
        return backend.memory().upload(scope, MemorySegment.ofArray(values), DType.I32, 1, values.length);
    }
}
