package dev.quern.engine.calibration;

import dev.quern.engine.backend.DType;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
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
 * The hidden states of a run of tiles at one block boundary, bf16 [tokens, hidden], in a mapped scratch file. The file has no name any
 * more once it is mapped, so nothing is left behind however the process ends.
 */
final class HiddenStream implements AutoCloseable {
    private static final int CHUNK = 1 << 20;

    private final Tiling tiling;
    private final TileRun run;
    private final int hidden;
    private final Arena arena;
    private final MemorySegment states;

    private HiddenStream(Tiling tiling, TileRun run, int hidden, Arena arena, MemorySegment states) {
        this.tiling = tiling;
        this.run = run;
        this.hidden = hidden;
        this.arena = arena;
        this.states = states;
    }

    private static long bytes(Tiling tiling, TileRun run, int hidden) {
        return tokensBefore(tiling, run, run.end()) * hidden * DType.BF16.bytes();
    }

    /** Tokens of the run's tiles before a tile. */
    private static long tokensBefore(Tiling tiling, TileRun run, int tile) {
        int windows = Math.min(tiling.windows(), tiling.firstWindow(tile)) - tiling.firstWindow(run.first());
        return (long) windows * tiling.seqLen();
    }

    /**
     * @param scratch an existing folder
     * @throws QuernException DISK_BUDGET when the disk cannot hold it
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena belongs to the result
    static HiddenStream create(Path scratch, Tiling tiling, TileRun run, int hidden) {
        long bytes = bytes(tiling, run, hidden);
        // Shared, because the threads of the backend read it.
        Arena arena = Arena.ofShared();
        try {
            Path file = Files.createTempFile(scratch, "stream", ".bf16");
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
                fill(channel, bytes);
                MemorySegment states = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
                return new HiddenStream(tiling, run, hidden, arena, states);
            }
        } catch (IOException e) {
            arena.close();
            throw new QuernException(
                    ErrorCode.DISK_BUDGET,
                    scratch + ": cannot hold a stream, " + e.getMessage() + " (expected: " + bytes + " bytes free)",
                    e);
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

    Tiling tiling() {
        return tiling;
    }

    TileRun run() {
        return run;
    }

    int hidden() {
        return hidden;
    }

    /** The states of a tile of the run, [tokens, hidden]; valid until closed. */
    MemorySegment tile(int tile) {
        long row = (long) hidden * DType.BF16.bytes();
        return states.asSlice(tokensBefore(tiling, run, tile) * row, tiling.tokens(tile) * row);
    }

    @Override
    public void close() {
        arena.close();
    }
}
