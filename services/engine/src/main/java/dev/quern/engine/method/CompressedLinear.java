package dev.quern.engine.method;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.LinearId;
import java.lang.foreign.MemorySegment;

/**
 * One compressed linear [rows, cols], in host memory and free of any backend: what artifacts store and formats write.
 *
 * @param id which linear of its model
 */
public record CompressedLinear(LinearId id, int rows, int cols, Core core) {
    public CompressedLinear {
        switch (core) {
            case IntegerGrid grid -> {
                check(id + " codes", grid.codes().length, (long) rows * cols);
                check(
                        id + " scales",
                        grid.scales().length,
                        (long) rows * grid.shape().groups(cols));
            }
        }
    }

    /** Scales in a row. */
    public int groups() {
        return switch (core) {
            case IntegerGrid grid -> grid.shape().groups(cols);
        };
    }

    /** Share of the weights that are exactly zero, 0 to 1. */
    public double sparsity() {
        return switch (core) {
            case IntegerGrid grid -> (double) grid.zeroWeights(cols) / ((long) rows * cols);
        };
    }

    /**
     * The weights as a loader of dtype {@code as} sees them: rounded to it, then stored in the working type.
     *
     * @return [rows, cols] in the backend's working type, allocated in the scope
     */
    public Tensor decode(ComputeBackend backend, Scope scope, DType as) {
        Tensor target = scope.allocate(backend.workingType(), rows, cols);
        switch (core) {
            case IntegerGrid grid -> decode(grid, backend, as, target);
        }
        return target;
    }

    private void decode(IntegerGrid grid, ComputeBackend backend, DType as, Tensor target) {
        Memory memory = backend.memory();
        try (Scope local = memory.scope()) {
            Tensor codes = memory.upload(local, MemorySegment.ofArray(grid.codes()), DType.U8, rows, cols);
            Tensor zeros = memory.upload(local, MemorySegment.ofArray(grid.zeros()), DType.U8, rows, groups());
            Tensor exact = memory.upload(local, MemorySegment.ofArray(grid.scales()), DType.F32, rows, groups());
            Tensor scales = local.allocate(backend.workingType(), rows, groups());
            memory.copy(exact, scales);
            backend.rounding().decode(codes, scales, zeros, cols / groups(), as, target);
        }
    }

    private static void check(String name, int length, long expected) {
        if (length != expected) {
            throw new IllegalArgumentException(name + ": " + length + " (expected: " + expected + ")");
        }
    }
}
