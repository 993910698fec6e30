package dev.quern.engine.statistics;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Adds a symmetric matrix to another by the panels of its lower triangle, each to both triangles.
 *
 * @param sum F64 [n, n]
 */
public record SymmetricSum(ComputeBackend backend, Tensor sum) {
    /** Adds the rows [from, to) of the columns [0, to), and what mirrors them. */
    public void add(int from, int to, MemorySegment panel) {
        try (Scope scope = backend.memory().scope();
                Arena arena = Arena.ofShared()) {
            add(scope, panel, sum.rows(from, to).cols(0, to));
            if (from > 0) {
                // The square on the diagonal is in the panel with both of its triangles.
                add(
                        scope,
                        mirrored(panel, to - from, to, from, arena),
                        sum.rows(0, from).cols(from, to));
            }
        }
    }

    private void add(Scope scope, MemorySegment values, Tensor target) {
        Tensor addend = backend.memory().upload(scope, values, DType.F64, target.rows(), target.cols());
        backend.elementwise().add(target, addend, target);
    }

    /** The first columns of a panel as rows. */
    private static MemorySegment mirrored(MemorySegment panel, int rows, int cols, int columns, Arena arena) {
        MemorySegment mirror = arena.allocate((long) columns * rows * Double.BYTES, Double.BYTES);
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < columns; col++) {
                long from = ((long) row * cols + col) * Double.BYTES;
                long to = ((long) col * rows + row) * Double.BYTES;
                mirror.set(ValueLayout.JAVA_DOUBLE, to, panel.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, from));
            }
        }
        return mirror;
    }
}
