package dev.quern.engine.statistics;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import java.util.Arrays;
import java.util.Random;

/** Matrices for the tests of sums. */
final class Matrices {
    private Matrices() {}

    /** F64, but float32 values, so that a narrower backend sees the same. */
    static Tensor random(Scope scope, Random random, int rows, int cols) {
        Tensor tensor = scope.allocate(DType.F64, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                HostTensor.of(tensor).set(r, c, (float) random.nextGaussian());
            }
        }
        return tensor;
    }

    /** The same values in F32. */
    static Tensor narrowed(ComputeBackend single, Scope floats, Tensor wide) {
        Tensor narrow = floats.allocate(DType.F32, wide.rows(), wide.cols());
        single.memory().copy(wide, narrow);
        return narrow;
    }

    static double[][] rows(Tensor matrix) {
        double[][] rows = new double[matrix.rows()][];
        Arrays.setAll(rows, HostTensor.of(matrix)::row);
        return rows;
    }

    static double trace(double[][] matrix) {
        double sum = 0;
        for (int i = 0; i < matrix.length; i++) {
            sum += matrix[i][i];
        }
        return sum;
    }
}
