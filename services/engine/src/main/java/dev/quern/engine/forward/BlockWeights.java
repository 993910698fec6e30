package dev.quern.engine.forward;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WeightSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The weights of one block, loaded at first use and kept until closed. A linear can be replaced by its decoded
 * compressed form, before it was loaded (the original is then never read) or after. Confined to its backend's thread.
 */
public final class BlockWeights implements AutoCloseable {
    private final ComputeBackend backend;
    private final WeightSource source;
    private final Block block;
    private final Map<String, Held> held = new HashMap<>();
    private final List<LinearSpec> replaced = new ArrayList<>();

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

    /** A vector in the working dtype by its name inside the block, as in {@code input_layernorm.weight}. */
    public Tensor vector(String name) {
        return held.computeIfAbsent(name, absent -> load(absent, stored -> backend.workingType()))
                .tensor();
    }

    /**
     * The matrix of a linear as products take it ({@link ComputeBackend#matrixType}). Valid until replaced or released.
     */
    public Tensor matrix(LinearSpec linear) {
        return held.computeIfAbsent(linear.weight(), name -> load(name, backend::matrixType))
                .tensor();
    }

    /** The same in the working dtype: a copy that lives as long as the scope where the two types differ. */
    public Tensor working(LinearSpec linear, Scope scope) {
        Tensor matrix = matrix(linear);
        return matrix.dtype() == backend.workingType() ? matrix : Held.cast(backend, matrix, scope);
    }

    private Held load(String name, UnaryOperator<DType> dtype) {
        Held stored = Held.of(backend, scope -> source.load(scope, block.prefix() + name));
        return stored.as(backend, dtype.apply(stored.tensor().dtype()));
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
        replaced.add(linear);
    }

    /** The linears that have another matrix in their place, in the order in which they got it. */
    public List<LinearSpec> replaced() {
        return List.copyOf(replaced);
    }

    /** Frees a weight that is not needed for now; the next use loads the original again. */
    public void release(String name) {
        replaced.removeIf(linear -> linear.weight().equals(name));
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
