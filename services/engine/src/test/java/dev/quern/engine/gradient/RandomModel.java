package dev.quern.engine.gradient;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.EmbeddingSpec;
import dev.quern.engine.model.HeadSpec;
import dev.quern.engine.model.Op;
import dev.quern.engine.model.RopeSpec;
import dev.quern.engine.model.TensorSpec;
import dev.quern.engine.model.WeightSource;
import dev.quern.engine.model.family.DenseBlock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A model of random weights whose blocks alternate: other widths, other norms, another rope, and a linear that is never
 * compressed.
 */
public final class RandomModel {
    public static final int SEQ_LEN = 8;
    private static final int HIDDEN = 24;
    private static final int VOCABULARY = 40;
    private static final BlockProgram NARROW =
            new DenseBlock(HIDDEN, 32, 4, 2, 8, 1e-6, false, false, false, false).program();
    private static final BlockProgram WIDE =
            withRouter(new DenseBlock(HIDDEN, 40, 2, 1, 16, 1e-6, true, false, false, true).program());

    private RandomModel() {}

    public static Architecture architecture(int blocks) {
        return new Architecture(
                "random",
                64,
                new EmbeddingSpec("model.embed_tokens.weight", VOCABULARY, HIDDEN),
                IntStream.range(0, blocks).mapToObj(RandomModel::block).toList(),
                new HeadSpec("model.norm.weight", 1e-6, "lm_head.weight", false));
    }

    private static Block block(int index) {
        String prefix = "model.layers." + index + ".";
        return index % 2 == 0 ? new Block(prefix, NARROW, rope(8, 100)) : new Block(prefix, WIDE, rope(16, 20));
    }

    private static RopeSpec rope(int headDim, double theta) {
        return new RopeSpec(
                headDim,
                IntStream.range(0, headDim / 2)
                        .mapToObj(i -> Math.pow(theta, -2.0 * i / headDim))
                        .toList());
    }

    /** A stand-in for a router: a linear that keeps its weights whatever the recipe says. */
    private static BlockProgram withRouter(BlockProgram program) {
        return new BlockProgram(program.ops().stream()
                .map(op ->
                        op instanceof Op.Linear linear && linear.spec().name().equals("mlp.gate_proj")
                                ? new Op.Linear(linear.spec(), linear.bias(), false, linear.output())
                                : op)
                .toList());
    }

    /** Norms about 1, matrices about 1 / sqrt(cols): the same values whenever they are asked for. */
    public static WeightSource weights(ComputeBackend backend, Architecture architecture, long seed) {
        Map<String, TensorSpec> specs =
                architecture.tensors().stream().collect(Collectors.toMap(TensorSpec::name, Function.identity()));
        return (scope, name) -> {
            TensorSpec spec = specs.get(name);
            SplittableRandom random = new SplittableRandom(seed ^ name.hashCode());
            boolean norm = name.endsWith("norm.weight");
            double width = norm ? 0.2 : 1.2 / Math.sqrt(spec.cols());
            return upload(
                    backend, scope, spec.rows(), spec.cols(), () -> (norm ? 1 : 0) + random.nextGaussian() * width);
        };
    }

    /** A matrix of float32 values. */
    static Tensor upload(ComputeBackend backend, Scope scope, int rows, int cols, DoubleSupplier values) {
        MemorySegment host = scope.arena().allocate(ValueLayout.JAVA_FLOAT, (long) rows * cols);
        for (int i = 0; i < rows * cols; i++) {
            host.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values.getAsDouble());
        }
        return backend.memory().upload(scope, host, DType.F32, rows, cols);
    }

    /** Token ids of whole windows. */
    public static int[] tokens(int windows, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return IntStream.range(0, windows * SEQ_LEN)
                .map(t -> random.nextInt(VOCABULARY))
                .toArray();
    }
}
