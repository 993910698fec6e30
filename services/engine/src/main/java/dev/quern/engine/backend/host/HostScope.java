package dev.quern.engine.backend.host;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import java.lang.foreign.Arena;

/** An arena whose bytes are counted. Its tensors may be used by every thread of the backend. */
final class HostScope implements Scope {
    private final HostAllocator allocator;
    // Shared, because the threads of the backend work on tensors that another thread allocated.
    private final Arena arena = Arena.ofShared();

    HostScope(HostAllocator allocator) {
        this.allocator = allocator;
    }

    @Override
    public HostTensor allocate(DType dtype, int rows, int cols) {
        Shapes.check("rows", rows, rows >= 0, ">= 0");
        Shapes.check("cols", cols, cols >= 0, ">= 0");
        long bytes = (long) rows * cols * dtype.bytes();
        return HostTensor.over(allocator.allocate(bytes, arena), dtype, rows, cols);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
