package dev.quern.engine.backend.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.engine.backend.Scope;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Native memory, counted. It comes from the C library: an Arena's own memory counts against the JVM's limit for direct
 * buffers and is written once more to clear it, where calloc hands out fresh pages as they are.
 */
@SuppressWarnings("restricted") // malloc, calloc and free are the purpose of this class
public final class HostAllocator {
    private static final long ALIGNMENT = 64;
    /** All bits set, which every float type reads as NaN: a test fails where memory is read before it is written. */
    private static final byte UNWRITTEN = -1;

    private static final MethodHandle CALLOC = link("calloc", FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MALLOC = link("malloc", FunctionDescriptor.of(ADDRESS, JAVA_LONG));
    private static final MethodHandle FREE = link("free", FunctionDescriptor.ofVoid(ADDRESS));

    private final AtomicLong liveBytes = new AtomicLong();

    /** Opens a scope that frees its tensors when it is closed. */
    public Scope scope() {
        return new HostScope(this, true);
    }

    /** A scope for the calling thread alone: cheaper to close. */
    public Scope scratch() {
        return new HostScope(this, false);
    }

    /** Bytes of all tensors whose scope is open. */
    public long liveBytes() {
        return liveBytes.get();
    }

    /** Zero-filled. */
    MemorySegment allocate(long bytes, Arena arena) {
        return own(calloc(bytes + ALIGNMENT), bytes, arena);
    }

    /** What the memory holds is not defined; with assertions it is NaN. */
    MemorySegment reserve(long bytes, Arena arena) {
        MemorySegment memory = own(malloc(bytes + ALIGNMENT), bytes, arena);
        assert memory.fill(UNWRITTEN).byteSize() == bytes;
        return memory;
    }

    private MemorySegment own(MemorySegment block, long bytes, Arena arena) {
        if (block.address() == 0) {
            throw new QuernException(
                    ErrorCode.OUT_OF_MEMORY, "tensor: " + bytes + " bytes (expected: within free memory)");
        }
        liveBytes.addAndGet(bytes);
        MemorySegment owned = block.reinterpret(bytes + ALIGNMENT, arena, memory -> release(memory, bytes));
        return owned.asSlice(-block.address() & (ALIGNMENT - 1), bytes);
    }

    private void release(MemorySegment block, long bytes) {
        try {
            FREE.invokeExact(block);
        } catch (Throwable e) {
            throw new IllegalStateException("free", e);
        }
        liveBytes.addAndGet(-bytes);
    }

    private static MemorySegment calloc(long bytes) {
        try {
            return (MemorySegment) CALLOC.invokeExact(1L, bytes);
        } catch (Throwable e) {
            throw new IllegalStateException("calloc", e);
        }
    }

    private static MemorySegment malloc(long bytes) {
        try {
            return (MemorySegment) MALLOC.invokeExact(bytes);
        } catch (Throwable e) {
            throw new IllegalStateException("malloc", e);
        }
    }

    private static MethodHandle link(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }
}
