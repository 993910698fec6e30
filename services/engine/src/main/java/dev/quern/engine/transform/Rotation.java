package dev.quern.engine.transform;

import dev.quern.engine.backend.host.Hadamard;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.HeadSpec;
import dev.quern.engine.model.Op;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which sides of which tensors a rotated model has turned (QuaRot, Ashkboos et al., arXiv 2404.00456). Its residual
 * stream is x Q. A norm without a gain does not see that, so what reads the stream takes W diag(gain) Q, and what
 * writes it takes Qᵀ W. Values of attention are turned within each head, and turned back by what reads the attention.
 */
final class Rotation {
    private final int seed;
    private final Hadamard residual;
    private final Map<Integer, Hadamard> heads = new HashMap<>();
    private final Map<String, String> norms = new HashMap<>();
    private final Map<String, Hadamard> inputs = new HashMap<>();
    private final Map<String, Hadamard> outputs = new HashMap<>();

    private Rotation(int hidden, int seed) {
        this.seed = seed;
        this.residual = matrix("a residual stream", hidden, 0);
    }

    /** @throws QuernException INVALID_RECIPE for a size without a Hadamard matrix, or a step that a rotation changes */
    static Rotation of(Architecture architecture, int seed) {
        Rotation rotation = new Rotation(architecture.hidden(), seed);
        HeadSpec head = architecture.head();
        rotation.inputs.put(architecture.embedding().weight(), rotation.residual);
        rotation.inputs.put(head.ownWeight(), rotation.residual);
        rotation.norms.put(head.ownWeight(), head.norm());
        architecture.blocks().forEach(rotation::add);
        return rotation;
    }

    /** By matrix, the norm whose gain is multiplied into its columns. */
    Map<String, String> norms() {
        return norms;
    }

    /** By tensor, what turns its rows: the inputs of a linear, or the elements of a bias. */
    Map<String, Hadamard> inputs() {
        return inputs;
    }

    /** By matrix, what turns its columns: the outputs of a linear. */
    Map<String, Hadamard> outputs() {
        return outputs;
    }

    /** Turns a state of the residual stream, in place. */
    void turn(double[] state) {
        residual.turn(state, 0, 1);
    }

    private void add(Block block) {
        Set<String> stream = new HashSet<>(Set.of(BlockProgram.INPUT));
        for (Op op : block.program().ops()) {
            boolean reads = op.inputs().stream().anyMatch(stream::contains);
            switch (op) {
                case Op.RmsNorm norm when reads -> norm(block, norm);
                case Op.Linear linear
                when reads -> inputs.put(block.prefix() + linear.spec().weight(), residual);
                case Op.Add add
                when reads -> {
                    op.inputs().stream()
                            .filter(value -> !stream.contains(value))
                            .forEach(value -> outputs(block, writer(block, value, op), residual));
                    stream.add(add.output());
                }
                case Op.Attention attention when !reads -> values(block, attention);
                case Op.RmsNorm other -> {}
                case Op.Linear other -> {}
                case Op.Add other -> {}
                case Op.HeadNorm other -> require(!reads, block, op);
                case Op.Rope other -> require(!reads, block, op);
                case Op.Attention other -> require(false, block, op);
                case Op.Gate other -> require(!reads, block, op);
            }
        }
        require(
                stream.contains(BlockProgram.OUTPUT),
                block,
                block.program().ops().getLast());
    }

    private void norm(Block block, Op.RmsNorm norm) {
        List<Op.Linear> readers = ValueReaders.linears(block, norm.output()).orElse(List.of());
        require(!readers.isEmpty(), block, norm);
        for (Op.Linear reader : readers) {
            String weight = block.prefix() + reader.spec().weight();
            norms.put(weight, block.prefix() + norm.weight());
            inputs.put(weight, residual);
        }
    }

    /** The linear that alone makes a value, which alone this step reads. */
    private static Op.Linear writer(Block block, String value, Op reader) {
        Optional<Op.Linear> writer = ValueReaders.writer(block, value);
        require(writer.isPresent(), block, reader);
        return writer.get();
    }

    private void values(Block block, Op.Attention attention) {
        Optional<Op.Linear> writer = ValueReaders.writer(block, attention.v());
        Optional<List<Op.Linear>> readers = ValueReaders.linears(block, attention.output());
        if (writer.isEmpty() || readers.isEmpty()) {
            return;
        }
        int width = writer.get().spec().rows() / attention.kvHeads();
        Hadamard head = heads.computeIfAbsent(width, size -> matrix("an attention head", size, 1));
        outputs(block, writer.get(), head);
        readers.get()
                .forEach(reader -> inputs.put(block.prefix() + reader.spec().weight(), head));
    }

    private void outputs(Block block, Op.Linear linear, Hadamard turn) {
        outputs.put(block.prefix() + linear.spec().weight(), turn);
        if (linear.bias()) {
            inputs.put(block.prefix() + linear.spec().bias(), turn);
        }
    }

    private static void require(boolean holds, Block block, Op op) {
        if (!holds) {
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE,
                    "transform.type: rotate: %s%s: %s (expected: a residual stream that norms and linears read, and linears write)"
                            .formatted(
                                    block.prefix(), op.output(), op.getClass().getSimpleName()));
        }
    }

    private Hadamard matrix(String what, int size, int stream) {
        double[][] factor = HadamardFactors.of(size)
                .orElseThrow(() -> new QuernException(
                        ErrorCode.INVALID_RECIPE,
                        "transform.type: rotate: %s of %d (expected: %s)"
                                .formatted(what, size, HadamardFactors.sizes())));
        double[] signs = new double[size];
        for (int i = 0; i < size; i++) {
            signs[i] = sign(((long) seed << Integer.SIZE) + ((long) stream << (Integer.SIZE - 1)) + i);
        }
        return new Hadamard(signs, factor);
    }

    /** A fair coin for each number: the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
    private static double sign(long number) {
        long bits = (number + 1) * 0x9E3779B97F4A7C15L;
        bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
        return (bits ^ (bits >>> 31)) < 0 ? -1 : 1;
    }
}
