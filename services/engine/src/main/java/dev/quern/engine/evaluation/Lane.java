package dev.quern.engine.evaluation;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Embedding;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Tiling;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** One of the two models on its way through the text: its hidden states, moved block by block, tile by tile, in place. */
final class Lane implements AutoCloseable {
    private final ComputeBackend backend;
    private final Tiling tiling;
    private final int hidden;
    private final HiddenStates states;

    Lane(ComputeBackend backend, Tiling tiling, int hidden, Path scratch) {
        this.backend = backend;
        this.tiling = tiling;
        this.hidden = hidden;
        this.states = HiddenStates.create(scratch, tiling.tokens(), hidden, backend.workingType());
    }

    /** Goes to the entry of the first block. */
    void embed(Embedding embedding, TokenWindows windows, Steps steps) {
        for (int tile = 0; tile < tiling.tiles(); tile++) {
            int[] tokens = windows.tokens(tiling.firstWindow(tile), tiling.endWindow(tile));
            try (Arena arena = Arena.ofShared();
                    Scope scope = backend.memory().scope()) {
                MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_INT, tokens);
                Tensor ids = backend.memory().upload(scope, host, DType.I32, 1, tokens.length);
                Tensor entry = scope.allocate(backend.workingType(), tokens.length, hidden);
                embedding.apply(ids, entry);
                backend.memory().download(entry, tile(tile));
            }
            steps.next();
        }
    }

    /** Goes where the other one is. */
    void join(Lane other) {
        states.copyFrom(other.states);
    }

    /** Goes through one block. */
    void advance(Interpreter interpreter, BlockWeights weights, Steps steps) {
        for (int tile = 0; tile < tiling.tiles(); tile++) {
            try (Scope scope = backend.memory().scope()) {
                Tensor output = scope.allocate(backend.workingType(), tiling.tokens(tile), hidden);
                try (Scope entry = backend.memory().scope()) {
                    Tensor input = tensor(entry, tile(tile), tiling.tokens(tile));
                    interpreter.run(weights, input, output, LinearInputs.NONE);
                }
                backend.memory().download(output, tile(tile));
            }
            steps.next();
        }
    }

    /** The states of tokens [from, to) in the scope. */
    Tensor tokens(Scope scope, int from, int to) {
        return tensor(scope, states.tokens(from, to), to - from);
    }

    private MemorySegment tile(int tile) {
        long first = (long) tiling.firstWindow(tile) * tiling.seqLen();
        return states.tokens(first, first + tiling.tokens(tile));
    }

    private Tensor tensor(Scope scope, MemorySegment source, int rows) {
        return backend.memory().upload(scope, source, backend.workingType(), rows, hidden);
    }

    @Override
    public void close() {
        states.close();
    }
}
