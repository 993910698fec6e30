package dev.quern.engine.calibration;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.forward.Embedding;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The hidden states of a run of tiles at one block boundary, [tokens, hidden], in a mapped scratch file. The file has
 * no name any more once it is mapped, so nothing is left behind however the process ends. Confined to its backend's
 * thread.
 */
public final class TileStates implements AutoCloseable {
    private static final int CHUNK = 1 << 20;

    private final ComputeBackend backend;
    private final Tiling tiling;
    private final TileRun run;
    private final int hidden;
    private final DType dtype;
    private final Arena arena;
    private final MemorySegment states;

    /**
     * @param scratch an existing folder
     * @param dtype that the states are rounded to at the boundary
     * @throws QuernException DISK_BUDGET when the disk cannot hold them
     */
    @SuppressWarnings("MustBeClosedChecker") // the states own the arena
    public TileStates(ComputeBackend backend, Path scratch, Tiling tiling, TileRun run, int hidden, DType dtype) {
        this.backend = backend;
        this.tiling = tiling;
        this.run = run;
        this.hidden = hidden;
        this.dtype = dtype;
        // Shared, because the threads of the backend read it.
        this.arena = Arena.ofShared();
        long bytes = tokensBefore(run.end()) * rowBytes();
        try {
            this.states = map(scratch, bytes, arena);
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

    public Tiling tiling() {
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
        return states.asSlice(tokensBefore(tile) * rowBytes(), tiling.tokens(tile) * rowBytes());
    }

    /** All of them as they are kept, [tokens, hidden]; valid until closed. */
    public HostTensor host() {
        return HostTensor.over(states, dtype, Math.toIntExact(tokensBefore(run.end())), hidden);
    }

    /** Puts every tile at the entry of the first block. */
    public void embed(Embedding embedding, TokenWindows windows, Runnable tileDone) {
        for (int tile = run.first(); tile < run.end(); tile++) {
            int[] tokens = windows.tokens(tiling.firstWindow(tile), tiling.endWindow(tile));
            try (Arena host = Arena.ofShared();
                    Scope scope = backend.memory().scope()) {
                MemorySegment ids = host.allocateFrom(ValueLayout.JAVA_INT, tokens);
                Tensor entry = scope.reserve(backend.workingType(), tokens.length, hidden);
                embedding.apply(backend.memory().upload(scope, ids, DType.I32, 1, tokens.length), entry);
                store(tile, entry);
            }
            tileDone.run();
        }
    }

    /**
     * A tile in the working dtype; the states themselves where they have it and the backend reads host memory in place.
     */
    public Tensor load(int tile, Scope scope) {
        return load(tile(tile), tiling.tokens(tile), scope);
    }

    /** As {@link #load(int, Scope)}, for tokens [from, to) of the run. */
    public Tensor load(long from, long to, Scope scope) {
        return load(states.asSlice(from * rowBytes(), (to - from) * rowBytes()), Math.toIntExact(to - from), scope);
    }

    private Tensor load(MemorySegment source, int rows, Scope scope) {
        Tensor stored = backend.memory().upload(scope, source, dtype, rows, hidden);
        if (dtype == backend.workingType()) {
            return stored;
        }
        Tensor working = scope.reserve(backend.workingType(), rows, hidden);
        backend.memory().copy(stored, working);
        return working;
    }

    /** Rounds a tile and keeps it. */
    public void store(int tile, Tensor working) {
        if (dtype == backend.workingType()) {
            backend.memory().download(working, tile(tile));
            return;
        }
        try (Scope scope = backend.memory().scope()) {
            Tensor rounded = scope.reserve(dtype, working.rows(), working.cols());
            backend.memory().copy(working, rounded);
            backend.memory().download(rounded, tile(tile));
        }
    }

    /** Takes over the states of another one, of the same tiles in the same dtype. */
    public void copyFrom(TileStates other) {
        states.copyFrom(other.states);
    }

    /** Tokens of the run's tiles before a tile. */
    private long tokensBefore(int tile) {
        int windows = Math.min(tiling.windows(), tiling.firstWindow(tile)) - tiling.firstWindow(run.first());
        return (long) windows * tiling.seqLen();
    }

    private long rowBytes() {
        return (long) hidden * dtype.bytes();
    }

    @Override
    public void close() {
        arena.close();
    }
}
