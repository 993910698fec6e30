package dev.quern.engine.backend.check;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Checks of arguments; a wrong one is a defect of the caller, so it is an IllegalArgumentException with value and
 * expectation.
 */
public final class Shapes {
    private Shapes() {}

    public static void check(String name, long value, boolean valid, String expected) {
        if (!valid) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
        }
    }

    public static void shape(String name, Tensor tensor, int rows, int cols) {
        if (tensor.rows() != rows || tensor.cols() != cols) {
            throw new IllegalArgumentException(
                    "%s: [%d, %d] (expected: [%d, %d])".formatted(name, tensor.rows(), tensor.cols(), rows, cols));
        }
    }

    public static void same(String name, Tensor tensor, Tensor like) {
        shape(name, tensor, like.rows(), like.cols());
    }

    public static void square(String name, Tensor tensor) {
        shape(name, tensor, tensor.rows(), tensor.rows());
    }

    public static void dtype(String name, Tensor tensor, DType... expected) {
        List<DType> types = Arrays.asList(expected);
        if (!types.contains(tensor.dtype())) {
            throw new IllegalArgumentException(name + ": " + tensor.dtype() + " (expected: " + types + ")");
        }
    }

    public static void range(String name, int from, int to, int size) {
        if (from < 0 || from > to || to > size) {
            throw new IllegalArgumentException(
                    "%s: [%d, %d) (expected: within [0, %d))".formatted(name, from, to, size));
        }
    }
}
