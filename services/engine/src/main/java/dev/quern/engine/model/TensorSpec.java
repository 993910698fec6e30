package dev.quern.engine.model;

import java.util.List;

/** A tensor that a checkpoint must have, and its shape: one or two dimensions. */
public record TensorSpec(String name, List<Integer> shape) {
    public TensorSpec {
        shape = List.copyOf(shape);
    }

    public static TensorSpec vector(String name, int size) {
        return new TensorSpec(name, List.of(size));
    }

    public static TensorSpec matrix(String name, int rows, int cols) {
        return new TensorSpec(name, List.of(rows, cols));
    }

    /** The same tensor under a longer name. */
    public TensorSpec in(String prefix) {
        return new TensorSpec(prefix + name, shape);
    }

    /** Rows as a backend sees it: a vector is a matrix of one row. */
    public int rows() {
        return shape.size() == 1 ? 1 : shape.getFirst();
    }

    public int cols() {
        return shape.getLast();
    }
}
