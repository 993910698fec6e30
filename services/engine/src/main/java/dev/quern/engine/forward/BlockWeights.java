package dev.quern.engine.forward;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WeightSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The weights of one block in the working dtype, loaded at first use and kept until closed. A linear can be replaced by its decoded
 * compressed form, before it was loaded (the original is then never read) or after. Confined to its backend's thread.
 */
public final class BlockWeights implements AutoCloseable {
    private final ComputeBackend backend;
    private final WeightSource source;
    private final Block block;
    private final Map<String, Held> held = new HashMap<>();

    /** @param source of the tensors by their full names */
    public BlockWeights(ComputeBackend backend, WeightSource source, Block block) {
        this.backend = backend;
        this.source = source;
        this.block = block;
        source.expect(block.prefix());
    }

    /** The block that these are the weights of. */
    public Block block() {
        return block;
    }

    /** A weight in the working dtype by its name inside the block, as in {@code self_attn.q_proj.weight}. Valid until replaced. */
    public Tensor tensor(String name) {
        return held.computeIfAbsent(name, absent -> Held.load(backend, source, block.prefix() + absent))
                .tensor();
    }

    /**
     * Puts another matrix in the place of a linear's.
     *
     * @param matrix makes it in the given scope, [rows, cols] in the working dtype
     */
    public void replace(LinearSpec linear, Function<Scope, Tensor> matrix) {
        Held replacement = Held.of(backend, matrix);
        Tensor tensor = replacement.tensor();
        if (tensor.rows() != linear.rows() || tensor.cols() != linear.cols()) {
            replacement.close();
            throw new IllegalArgumentException("%s: [%d, %d] (expected: [%d, %d])"
                    .formatted(linear.name(), tensor.rows(), tensor.cols(), linear.rows(), linear.cols()));
        }
        release(linear.weight());
        held.put(linear.weight(), replacement);
    }

    /** Frees a weight that is not needed for now; the next use loads the original again. */
    public void release(String name) {
        Held present = held.remove(name);
        if (present != null) {
            present.close();
        }
    }

    @Override
    public void close() {
        held.values().forEach(Held::close);
        held.clear();
    }
}
