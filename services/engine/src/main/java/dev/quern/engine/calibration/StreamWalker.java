package dev.quern.engine.calibration;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Embedding;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.WeightSource;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * Moves a stream through blocks, tile by tile, in place. A block's outputs are rounded to bf16 at every boundary, so it does not
 * matter whether a stream came from memory, from the store or from a replay.
 */
final class StreamWalker implements AutoCloseable {
    private final ComputeBackend backend;
    private final Cancellation cancellation;
    private final HiddenStream stream;
    private final Interpreter interpreter;

    /** What to do with a tile that entered a block. */
    @FunctionalInterface
    private interface Step {
        /**
         * @param hidden [tokens, hidden] in the working dtype
         * @param stored the same memory of the stream, bf16
         */
        void run(Tensor hidden, MemorySegment stored);
    }

    StreamWalker(
            ComputeBackend backend,
            Architecture architecture,
            Tiling tiling,
            TileRun run,
            Path scratch,
            Cancellation cancellation) {
        this.backend = backend;
        this.cancellation = cancellation;
        this.stream = HiddenStream.create(scratch, tiling, run, architecture.hidden());
        this.interpreter = new Interpreter(backend, tiling.seqLen(), cancellation);
    }

    HiddenStream stream() {
        return stream;
    }

    /** Puts the stream at the entry of the first block. */
    void embed(Architecture architecture, WeightSource weights, TokenWindows windows) {
        Tiling tiling = stream.tiling();
        try (Embedding embedding = new Embedding(backend, architecture, weights)) {
            for (int tile = stream.run().first(); tile < stream.run().end(); tile++) {
                cancellation.check();
                int[] tokens = windows.tokens(tiling.firstWindow(tile), tiling.endWindow(tile));
                embed(embedding, tokens, stream.tile(tile));
            }
        }
    }

    private void embed(Embedding embedding, int[] tokens, MemorySegment target) {
        try (Arena arena = Arena.ofShared();
                Scope scope = backend.memory().scope()) {
            MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_INT, tokens);
            Tensor ids = backend.memory().upload(scope, host, DType.I32, 1, tokens.length);
            Tensor hidden = scope.allocate(backend.workingType(), tokens.length, stream.hidden());
            embedding.apply(ids, hidden);
            store(scope, hidden, target);
        }
    }

    /** Runs a block over the tiles and puts its outputs in the place of its inputs. */
    void advance(BlockWeights weights, LinearInputs recorder, Runnable tileDone) {
        eachTile(stream.run(), tileDone, (hidden, stored) -> {
            interpreter.run(weights, hidden, hidden, recorder);
            try (Scope scope = backend.memory().scope()) {
                store(scope, hidden, stored);
            }
        });
    }

    /** Runs a block over a part of the tiles for the inputs of its linears; the stream stays where it is. */
    void record(BlockWeights weights, LinearInputs recorder, TileRun part, Runnable tileDone) {
        eachTile(part, tileDone, (hidden, stored) -> interpreter.record(weights, hidden, recorder));
    }

    private void eachTile(TileRun part, Runnable tileDone, Step step) {
        for (int tile = part.first(); tile < part.end(); tile++) {
            cancellation.check();
            int rows = stream.tiling().tokens(tile);
            MemorySegment stored = stream.tile(tile);
            try (Scope scope = backend.memory().scope()) {
                Tensor hidden = scope.allocate(backend.workingType(), rows, stream.hidden());
                Tensor rounded = backend.memory().upload(scope, stored, DType.BF16, rows, stream.hidden());
                backend.memory().copy(rounded, hidden);
                step.run(hidden, stored);
            }
            tileDone.run();
        }
    }

    private void store(Scope scope, Tensor hidden, MemorySegment target) {
        Tensor rounded = scope.allocate(DType.BF16, hidden.rows(), hidden.cols());
        backend.memory().copy(hidden, rounded);
        backend.memory().download(rounded, target);
    }

    @Override
    public void close() {
        interpreter.close();
        stream.close();
    }
}
