package dev.quern.engine.evaluation;

import dev.quern.engine.backend.DType;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The hidden states of all tokens between two blocks, [tokens, hidden] in the working dtype, in a mapped scratch file that has no name
 * any more: nothing is left behind however the process ends.
 */
final class HiddenStates implements AutoCloseable {
    private static final int CHUNK = 1 << 20;

    private final long rowBytes;
    private final Arena arena;
    private final MemorySegment states;

    private HiddenStates(long rowBytes, Arena arena, MemorySegment states) {
        this.rowBytes = rowBytes;
        this.arena = arena;
        this.states = states;
    }

    static long bytes(long tokens, int hidden, DType dtype) {
        return tokens * hidden * dtype.bytes();
    }

    /**
     * @param scratch an existing folder
     * @throws QuernException DISK_BUDGET when the disk cannot hold it
     */
    @SuppressWarnings("MustBeClosedChecker") // the states own the arena
    static HiddenStates create(Path scratch, long tokens, int hidden, DType dtype) {
        long rowBytes = (long) hidden * dtype.bytes();
        long bytes = bytes(tokens, hidden, dtype);
        // Shared, because the threads of the backend read it.
        Arena arena = Arena.ofShared();
        try {
            return new HiddenStates(rowBytes, arena, map(scratch, bytes, arena));
        } catch (IOException e) {
            arena.close();
            throw new QuernException(
                    ErrorCode.DISK_BUDGET,
                    scratch + ": cannot hold hidden states, " + e.getMessage() + " (expected: " + bytes
                            + " bytes free)",
                    e);
        }
    }

    private static MemorySegment map(Path scratch, long bytes, Arena arena) throws IOException {
        Path file = Files.createTempFile(scratch, "hidden", ".tmp");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
            fill(channel, bytes);
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
        }
    }

    /** A full disk must show here: on a page of a mapped file it would end the process. */
    private static void fill(FileChannel channel, long bytes) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK);
        for (long left = bytes; left > 0; left -= CHUNK) {
            zeros.clear().limit((int) Math.min(left, CHUNK));
            while (zeros.hasRemaining()) {
                channel.write(zeros);
            }
        }
    }

    /** The states of tokens [from, to); valid until closed. */
    MemorySegment tokens(long from, long to) {
        return states.asSlice(from * rowBytes, (to - from) * rowBytes);
    }

    void copyFrom(HiddenStates other) {
        states.copyFrom(other.states);
    }

    @Override
    public void close() {
        arena.close();
    }
}
