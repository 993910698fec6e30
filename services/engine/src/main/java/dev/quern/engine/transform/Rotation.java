package dev.quern.engine.transform;

import dev.quern.engine.backend.host.Hadamard;
import dev.quern.engine.backend.host.HadamardFactors;
import dev.quern.engine.backend.host.HadamardSpec;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.HeadSpec;
import dev.quern.engine.model.Op;
import dev.quern.recipes.Transform;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Which sides of which tensors a rotated model has turned (QuaRot, Ashkboos et al., arXiv 2404.00456). Its residual
 * stream is x Q. A norm without a gain does not see that, so what reads the stream takes W diag(gain) Q, and what
 * writes it takes Qᵀ W. Values of attention are turned within each head, and turned back by what reads the attention.
 *
 * <p>Online, the model also turns while it runs: the inputs of what writes the stream, whose weights are turned the
 * same way, and queries and keys, whose products stay.
 */
final class Rotation {
    private static final int RESIDUAL = 0;
    private static final int HEADS = 1;
    private static final int ONLINE = 2;

    private final Transform.Rotate rotate;
    private final Hadamard residual;
    private final Map<HadamardSpec, Hadamard> matrices = new HashMap<>();
    private final Map<String, String> norms = new HashMap<>();
    private final Map<String, List<Hadamard>> inputs = new HashMap<>();
    private final Map<String, Hadamard> outputs = new HashMap<>();
    /** By matrix, what turns its inputs while the model runs. */
    private final Map<String, HadamardSpec> online = new HashMap<>();

    private Rotation(int hidden, Transform.Rotate rotate) {
        this.rotate = rotate;
        this.residual = matrix("a residual stream", hidden, RESIDUAL);
    }

    /** @throws QuernException INVALID_RECIPE for a size without a Hadamard matrix, or a step that a rotation changes */
    static Rotation of(Architecture architecture, Transform.Rotate rotate) {
        Rotation rotation = new Rotation(architecture.hidden(), rotate);
        HeadSpec head = architecture.head();
        rotation.turnInputs(architecture.embedding().weight(), rotation.residual);
        rotation.turnInputs(head.ownWeight(), rotation.residual);
        rotation.norms.put(head.ownWeight(), head.norm());
        architecture.blocks().forEach(rotation::add);
        return rotation;
    }

    /** By matrix, the norm whose gain is multiplied into its columns. */
    Map<String, String> norms() {
        return norms;
    }

    /** By tensor, what turns its rows, in order: the inputs of a linear, or the elements of a bias. */
    Map<String, List<Hadamard>> inputs() {
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
                when reads -> turnInputs(block.prefix() + linear.spec().weight(), residual);
                case Op.Add add
                when reads -> {
                    op.inputs().stream()
                            .filter(value -> !stream.contains(value))
                            .forEach(value -> writes(block, writer(block, value, op)));
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
                case Op.FakeQuantize other -> require(!reads, block, op);
                case Op.Turn other -> require(!reads, block, op);
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
            turnInputs(weight, residual);
        }
    }

    private void turnInputs(String tensor, Hadamard turn) {
        inputs.computeIfAbsent(tensor, absent -> new ArrayList<>()).add(turn);
    }

    private void writes(Block block, Op.Linear linear) {
        outputs(block, linear, residual);
        if (rotate.turnsOnline()) {
            String weight = block.prefix() + linear.spec().weight();
            HadamardSpec turn = online(linear.spec().cols());
            online.put(weight, turn);
            turnInputs(weight, matrices.computeIfAbsent(turn, HadamardSpec::matrix));
        }
    }

    /** Widths without a matrix of their own are turned in equal parts. */
    private HadamardSpec online(int width) {
        return new HadamardSpec(HadamardSpec.largest(width), rotate.seed(), ONLINE);
    }

    /** The model with the steps that turn activations while it runs. */
    Architecture running(Architecture architecture) {
        return rotate.turnsOnline()
                ? architecture.withBlocks(architecture.blocks().stream()
                        .map(block -> running(block, architecture.hidden()))
                        .toList())
                : architecture;
    }

    private Block running(Block block, int hidden) {
        Map<String, Integer> widths = block.program().widths(hidden);
        List<Op> ops = new ArrayList<>();
        for (Op op : block.program().ops()) {
            switch (op) {
                case Op.Linear linear -> {
                    HadamardSpec turn =
                            online.get(block.prefix() + linear.spec().weight());
                    ops.add(
                            turn == null
                                    ? linear
                                    : Rewiring.reading(
                                            linear, turned(linear.spec().input(), turn, ops)));
                }
                case Op.Attention attention -> {
                    int head = Objects.requireNonNull(widths.get(attention.k())) / attention.kvHeads();
                    String q = turned(attention.q(), online(head), ops);
                    String k = turned(attention.k(), online(head), ops);
                    ops.add(Rewiring.reading(attention, q, k, attention.v()));
                }
                case Op.RmsNorm other -> ops.add(other);
                case Op.HeadNorm other -> ops.add(other);
                case Op.Rope other -> ops.add(other);
                case Op.FakeQuantize other -> ops.add(other);
                case Op.Turn other -> ops.add(other);
                case Op.Gate other -> ops.add(other);
                case Op.Add other -> ops.add(other);
            }
        }
        return new Block(block.prefix(), new BlockProgram(ops), block.rope());
    }

    private static String turned(String value, HadamardSpec turn, List<Op> ops) {
        String name = value + "_turned";
        if (ops.stream().noneMatch(op -> op.output().equals(name))) {
            ops.add(new Op.Turn(value, turn, name));
        }
        return name;
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
        Hadamard head = matrix("an attention head", width, HEADS);
        outputs(block, writer.get(), head);
        readers.get()
                .forEach(reader -> turnInputs(block.prefix() + reader.spec().weight(), head));
    }

    private void outputs(Block block, Op.Linear linear, Hadamard turn) {
        outputs.put(block.prefix() + linear.spec().weight(), turn);
        if (linear.bias()) {
            turnInputs(block.prefix() + linear.spec().bias(), turn);
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
        if (HadamardFactors.of(size).isEmpty()) {
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE,
                    "transform.type: rotate: %s of %d (expected: %s)".formatted(what, size, HadamardFactors.sizes()));
        }
        return matrices.computeIfAbsent(new HadamardSpec(size, rotate.seed(), stream), HadamardSpec::matrix);
    }
}
