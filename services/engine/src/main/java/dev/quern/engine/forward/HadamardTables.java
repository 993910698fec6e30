package dev.quern.engine.forward;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HadamardSpec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A randomised Hadamard matrix Q on a backend. */
public record HadamardTables(ComputeBackend backend, Scope scope, HadamardSpec matrix, Tensor signs)
        implements AutoCloseable {
    /** Closed by the caller. */
    public static HadamardTables of(ComputeBackend backend, HadamardSpec matrix) {
        Scope scope = backend.memory().scope();
        try {
            return new HadamardTables(backend, scope, matrix, upload(backend, scope, 1, matrix.signs()));
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    /** {@code target = target Q}, segment by segment, in place. */
    public void turn(Tensor target) {
        backend.linearAlgebra().hadamard(signs, factor(false), target);
    }

    /** {@code target = target Qᵀ}, in place: the factor's other way round, and the signs afterwards. */
    public void turnBack(Tensor target) {
        double[] ones = new double[matrix.size()];
        Arrays.fill(ones, 1);
        backend.linearAlgebra().hadamard(upload(backend, scope, 1, ones), factor(true), target);
        for (int from = 0; from < target.cols(); from += matrix.size()) {
            backend.elementwise().multiplyRow(signs, target.cols(from, from + matrix.size()));
        }
    }

    private Tensor factor(boolean transposed) {
        double[][] factor = matrix.factor();
        int order = factor.length;
        double[] values = new double[order * order];
        for (int row = 0; row < order; row++) {
            for (int col = 0; col < order; col++) {
                values[row * order + col] = transposed ? factor[col][row] : factor[row][col];
            }
        }
        return upload(backend, scope, order, values);
    }

    private static Tensor upload(ComputeBackend backend, Scope scope, int rows, double[] values) {
        MemorySegment memory = MemorySegment.ofArray(values);
        return backend.memory().upload(scope, memory, DType.F64, rows, values.length / rows);
    }

    @Override
    public void close() {
        scope.close();
    }
}
