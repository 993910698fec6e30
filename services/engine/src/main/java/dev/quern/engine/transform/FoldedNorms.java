package dev.quern.engine.transform;

import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.Model;
import dev.quern.engine.model.Op;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model whose norms have weights of one: {@code W (g * x) = (W diag(g)) x}, so each weight g of a norm is multiplied
 * into the columns of the linears that read the norm. A norm that something else reads as well stays as it is, and so
 * does the last one where the head is the embedding. Products are rounded once, to the dtype that the matrix is stored
 * in: that is what an output holds.
 */
final class FoldedNorms extends DerivedTensors {
    /** The norm's weight by the matrix that it is multiplied into. */
    private final Map<String, String> normOf;

    private final Set<String> folded;

    private FoldedNorms(StoredTensors original, Map<String, String> normOf) {
        super(original);
        this.normOf = Map.copyOf(normOf);
        this.folded = Set.copyOf(normOf.values());
    }

    static Model fold(Model model) {
        Architecture architecture = model.architecture();
        Map<String, String> normOf = new HashMap<>();
        architecture.blocks().forEach(block -> norms(block, normOf));
        if (!architecture.tied()) {
            normOf.put(architecture.headWeight(), architecture.head().norm());
        }
        return new Model(architecture, new FoldedNorms(model.tensors(), normOf));
    }

    private static void norms(Block block, Map<String, String> normOf) {
        for (Op op : block.program().ops()) {
            switch (op) {
                case Op.RmsNorm norm ->
                    readers(block, norm).forEach(matrix -> normOf.put(matrix, block.prefix() + norm.weight()));
                case Op.HeadNorm other -> {}
                case Op.Linear other -> {}
                case Op.Rope other -> {}
                case Op.Attention other -> {}
                case Op.Gate other -> {}
                case Op.Add other -> {}
                case Op.FakeQuantize other -> {}
                case Op.Turn other -> {}
            }
        }
    }

    /** The matrices that read a norm; none where another step reads it as well. */
    private static List<String> readers(Block block, Op.RmsNorm norm) {
        return ValueReaders.linears(block, norm.output()).orElse(List.of()).stream()
                .map(linear -> block.prefix() + linear.spec().weight())
                .toList();
    }

    /** @throws QuernException INVALID_RECIPE when a product is larger than the dtype of the checkpoint holds */
    @Override
    public StoredTensor tensor(String name, Arena arena) {
        StoredTensor stored = original.tensor(name, arena);
        String norm = normOf.get(name);
        if (norm != null) {
            return scaled(stored, host(original.tensor(norm, arena)).row(0), arena);
        }
        return folded.contains(name) ? ones(stored, arena) : stored;
    }

    private static StoredTensor scaled(StoredTensor stored, double[] gain, Arena arena) {
        HostTensor matrix = host(stored);
        MemorySegment memory = arena.allocate(stored.data().byteSize());
        HostTensor product = HostTensor.over(memory, matrix.dtype(), matrix.rows(), matrix.cols());
        for (int row = 0; row < matrix.rows(); row++) {
            for (int col = 0; col < gain.length; col++) {
                double value = matrix.get(row, col) * gain[col];
                product.set(row, col, value);
                if (!Double.isFinite(product.get(row, col))) {
                    throw new QuernException(
                            ErrorCode.INVALID_RECIPE,
                            "transform.type: fold: %s: %s times its norm is %s (expected: a value that %s holds; a recipe without transform leaves the norms alone)"
                                    .formatted(stored.name(), matrix.get(row, col), value, stored.type()));
                }
            }
        }
        return with(stored, memory);
    }
}
