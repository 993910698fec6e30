package dev.quern.engine.forward;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.BlockProgram;
import java.util.HashMap;
import java.util.Map;

/**
 * The values of one pass through a block's program, kept for going back. Values that only a residual adds up may be
 * missing: no gradient needs them.
 */
public final class Tape implements Values, AutoCloseable {
    private final ComputeBackend backend;
    private final BlockWeights weights;
    private final Tensor hidden;
    private final Map<String, Held> kept = new HashMap<>();

    Tape(ComputeBackend backend, BlockWeights weights, Tensor hidden) {
        this.backend = backend;
        this.weights = weights;
        this.hidden = hidden;
    }

    /** The weights that the block ran with. */
    public BlockWeights weights() {
        return weights;
    }

    @Override
    public Tensor value(String name) {
        if (name.equals(BlockProgram.INPUT)) {
            return hidden;
        }
        Held held = kept.get(name);
        if (held == null) {
            throw new IllegalStateException(name + " (expected: a value on the tape)");
        }
        return held.tensor();
    }

    @Override
    public Tensor define(String name, int width) {
        Held held = Held.reserve(backend, hidden.rows(), width);
        kept.put(name, held);
        return held.tensor();
    }

    /** Memory of its own: what the step reads is kept too. */
    @Override
    public Tensor over(String name, String... inputs) {
        return define(name, value(inputs[0]).cols());
    }

    /** Frees a value that no step before needs to go back. */
    public void free(String name) {
        Held held = kept.remove(name);
        if (held != null) {
            held.close();
        }
    }

    @Override
    public void close() {
        kept.values().forEach(Held::close);
        kept.clear();
    }
}
