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
import java.nio.file.Path;

/**
 * Moves a stream through blocks, tile by tile, in place. A block's outputs are rounded to bf16 at every boundary, so it
 * does not matter whether a stream came from memory, from the store or from a replay.
 */
final class StreamWalker implements AutoCloseable {
    private final ComputeBackend backend;
    private final Cancellation cancellation;
    private final TileStates stream;
    private final Interpreter interpreter;

    /** What to do with a tile that entered a block. */
    @FunctionalInterface
    private interface Step {
        /** @param hidden [tokens, hidden] in the working dtype */
        void run(int tile, Tensor hidden);
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
        this.stream = new TileStates(backend, scratch, tiling, run, architecture.hidden(), DType.BF16);
        this.interpreter = new Interpreter(backend, tiling.seqLen(), cancellation);
    }

    TileStates stream() {
        return stream;
    }

    /** Puts the stream at the entry of the first block. */
    void embed(Architecture architecture, WeightSource weights, TokenWindows windows) {
        try (Embedding embedding = new Embedding(backend, architecture, weights)) {
            stream.embed(embedding, windows, cancellation::check);
        }
    }

    /** Runs a block over the tiles and puts its outputs in the place of its inputs. */
    void advance(BlockWeights weights, LinearInputs recorder, Runnable tileDone) {
        eachTile(stream.run(), tileDone, (tile, hidden) -> {
            interpreter.run(weights, hidden, hidden, recorder);
            stream.store(tile, hidden);
        });
    }

    /** Runs a block over a part of the tiles for the inputs of its linears; the stream stays where it is. */
    void record(BlockWeights weights, LinearInputs recorder, TileRun part, Runnable tileDone) {
        eachTile(part, tileDone, (tile, hidden) -> interpreter.record(weights, hidden, recorder));
    }

    private void eachTile(TileRun part, Runnable tileDone, Step step) {
        for (int tile = part.first(); tile < part.end(); tile++) {
            cancellation.check();
            try (Scope scope = backend.memory().scope()) {
                step.run(tile, stream.load(tile, scope));
            }
            tileDone.run();
        }
    }

    @Override
    public void close() {
        interpreter.close();
        stream.close();
    }
}
