package dev.quern.engine.evaluation;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.calibration.TileStates;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Embedding;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import java.nio.file.Path;
import java.util.function.IntFunction;

/** One of the models on its way through the text: its hidden states, moved block by block, tile by tile, in place. */
final class Lane implements AutoCloseable {
    private final ComputeBackend backend;
    private final int hidden;
    private final TileStates states;

    Lane(ComputeBackend backend, Tiling tiling, int hidden, Path scratch) {
        this.backend = backend;
        this.hidden = hidden;
        this.states = new TileStates(backend, scratch, tiling, TileRun.all(tiling), hidden, backend.workingType());
    }

    /** Goes to the entry of the first block. */
    void embed(Embedding embedding, TokenWindows windows, Steps steps) {
        states.embed(embedding, windows, steps::next);
    }

    /** Goes where the other one is. */
    void join(Lane other) {
        states.copyFrom(other.states);
    }

    /**
     * Goes through one block.
     *
     * @param recorders what sees the inputs of the linears of a tile
     */
    void advance(Interpreter interpreter, BlockWeights weights, IntFunction<LinearInputs> recorders, Steps steps) {
        Tiling tiling = states.tiling();
        for (int tile = 0; tile < tiling.tiles(); tile++) {
            try (Scope scope = backend.memory().scope()) {
                Tensor output = scope.reserve(backend.workingType(), tiling.tokens(tile), hidden);
                try (Scope entry = backend.memory().scope()) {
                    interpreter.run(weights, states.load(tile, entry), output, recorders.apply(tile));
                }
                states.store(tile, output);
            }
            steps.next();
        }
    }

    /** All states, [tokens, hidden]; valid until closed. */
    HostTensor host() {
        return states.host();
    }

    /** The states of tokens [from, to) in the scope. */
    Tensor tokens(Scope scope, int from, int to) {
        return states.load(from, to, scope);
    }

    @Override
    public void close() {
        states.close();
    }
}
