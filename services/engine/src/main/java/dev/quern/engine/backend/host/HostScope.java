package dev.quern.engine.backend.host;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.check.Shapes;
import java.lang.foreign.Arena;

/** An arena whose bytes are counted. */
final class HostScope implements Scope {
    private final HostAllocator allocator;
    private final Arena arena;

    /** @param shared whether other threads than the one that opens the scope use its tensors */
    @SuppressWarnings("MustBeClosed") // close() closes it
    HostScope(HostAllocator allocator, boolean shared) {
        this.allocator = allocator;
        this.arena = shared ? Arena.ofShared() : Arena.ofConfined();
    }

    @Override
    public HostTensor allocate(DType dtype, int rows, int cols) {
        return HostTensor.over(allocator.allocate(bytes(dtype, rows, cols), arena), dtype, rows, cols);
    }

    @Override
    public HostTensor reserve(DType dtype, int rows, int cols) {
        return HostTensor.over(allocator.reserve(bytes(dtype, rows, cols), arena), dtype, rows, cols);
    }

    private static long bytes(DType dtype, int rows, int cols) {
        Shapes.check("rows", rows, rows >= 0, ">= 0");
        Shapes.check("cols", cols, cols >= 0, ">= 0");
        return (long) rows * cols * dtype.bytes();
    }

    @Override
    public Arena arena() {
        return arena;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
