package dev.quern.engine.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.EmbeddingSpec;
import dev.quern.engine.model.HeadSpec;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Model;
import dev.quern.engine.model.ModelFixture;
import dev.quern.engine.model.Op;
import dev.quern.engine.model.RopeSpec;
import dev.quern.recipes.Transform;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A rotation changes every weight and not what a model computes. */
class RotatedTensorsTest {
    private static final double TOLERANCE = 1e-4;
    private static final HeadSpec HEAD = new HeadSpec("norm.weight", 1e-5, "lm_head.weight", true);

    @ParameterizedTest
    @EnumSource(ModelFixture.class)
    void theLogitsAreThoseOfTransformers(ModelFixture fixture) {
        try (JavaBackend backend = new JavaBackend(DType.F32, 2);
                ModelFixture.Model opened = fixture.open()) {
            Model original = new Model(opened.architecture(), new Float32(opened.checkpoint()));
            Model rotated = Transforms.apply(new Transform.Rotate(7), original);

            assertThat(Float32.distance(Float32.logits(backend, rotated, fixture), fixture.logits()))
                    .isLessThan(TOLERANCE);
        }
    }

    /** Exact in float: what is turned online meets weights that were turned the same way. */
    @ParameterizedTest
    @EnumSource(ModelFixture.class)
    void turnedOnlineTheLogitsAreThoseOfTransformers(ModelFixture fixture) {
        try (JavaBackend backend = new JavaBackend(DType.F32, 2);
                ModelFixture.Model opened = fixture.open()) {
            Model original = new Model(opened.architecture(), new Float32(opened.checkpoint()));
            int seed = new Random().nextInt(1000);
            Model rotated = Transforms.apply(new Transform.Rotate(seed, true), original);

            assertThat(Float32.distance(Float32.logits(backend, rotated, fixture), fixture.logits()))
                    .as("seed %d", seed)
                    .isLessThan(TOLERANCE);
            assertThat(turns(rotated))
                    .as("inputs of o_proj and down_proj, queries, keys")
                    .isEqualTo(4L * original.architecture().blocks().size());
            assertThat(turns(Transforms.apply(new Transform.Rotate(seed), original)))
                    .isZero();
        }
    }

    private static long turns(Model model) {
        return model.architecture().blocks().stream()
                .flatMap(block -> block.program().ops().stream())
                .filter(op -> op.getClass() == Op.Turn.class)
                .count();
    }

    /** What is turned keeps the length of its rows or columns, and another seed turns it otherwise. */
    @ParameterizedTest
    @ValueSource(strings = {"model.embed_tokens.weight", "model.layers.1.mlp.down_proj.weight"})
    void weightsTurnAndKeepTheirLength(String name) {
        try (ModelFixture.Model opened = ModelFixture.QWEN2_V4.open();
                Arena arena = Arena.ofConfined()) {
            Model original = new Model(opened.architecture(), new Float32(opened.checkpoint()));
            double[] before = values(original.tensors().tensor(name, arena));
            double[] one = values(rotated(original, 1).tensor(name, arena));
            double[] other = values(rotated(original, 2).tensor(name, arena));

            assertThat(one).isNotEqualTo(before).isNotEqualTo(other);
            assertThat(squares(one)).isCloseTo(squares(before), within(1e-4 * squares(before)));
        }
    }

    /** The gain of the last norm belongs to the head alone. */
    @Test
    void aTiedHeadBecomesAMatrixOfItsOwn() {
        try (ModelFixture.Model opened = ModelFixture.QWEN2_TIED.open();
                Arena arena = Arena.ofConfined()) {
            Model original = new Model(opened.architecture(), opened.checkpoint());
            Model rotated = Transforms.apply(new Transform.Rotate(0), original);

            assertThat(original.architecture().tied()).isTrue();
            assertThat(rotated.architecture().tied()).isFalse();
            assertThat(rotated.tensors().tensorNames()).contains("lm_head.weight");
            assertThat(rotated.tensors().config().flag("tie_word_embeddings", true))
                    .isFalse();
            assertThat(rotated.tensors().entry("lm_head.weight").name()).isEqualTo("lm_head.weight");
            assertThat(values(rotated.tensors().tensor("model.norm.weight", arena)))
                    .containsOnly(1);
            assertThat(values(rotated.tensors().tensor("lm_head.weight", arena)))
                    .isNotEqualTo(values(rotated.tensors().tensor("model.embed_tokens.weight", arena)));
        }
    }

    @Test
    void aWidthWithoutAHadamardMatrixIsRefused() {
        Architecture architecture =
                new Architecture("llama", 8, new EmbeddingSpec("embedding", 5, 46), List.of(), HEAD);
        assertRefused(architecture, "a residual stream of 46 (expected: k * 2^p with k one of 1, 12, 20, 28, 36, 44, ");
    }

    /** A norm after a linear, with a gain of its own, is no rotation's business. */
    @Test
    void aNormBetweenALinearAndTheStreamIsRefused() {
        BlockProgram program = new BlockProgram(List.of(
                new Op.Linear(new LinearSpec("up", 8, 8, BlockProgram.INPUT), false, true, "up"),
                new Op.RmsNorm("up", "norm.weight", 8, 1e-5, "normed"),
                new Op.Add(BlockProgram.INPUT, "normed", BlockProgram.OUTPUT)));
        assertRefused(of(program), "layers.0.output: Add (expected: a residual stream that norms and linears read,");
    }

    @Test
    void aStreamThatAnotherStepReadsIsRefused() {
        BlockProgram program =
                new BlockProgram(List.of(new Op.Gate(BlockProgram.INPUT, BlockProgram.INPUT, BlockProgram.OUTPUT)));
        assertRefused(of(program), "layers.0.output: Gate (expected: a residual stream");
    }

    private static Architecture of(BlockProgram program) {
        List<Block> blocks = Block.alike(1, "layers.", program, new RopeSpec(2, List.of(1.0)));
        return new Architecture("llama", 8, new EmbeddingSpec("embedding", 5, 8), blocks, HEAD);
    }

    private static void assertRefused(Architecture architecture, String message) {
        assertThatThrownBy(() -> Transforms.check(new Transform.Rotate(0), architecture))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_RECIPE))
                .hasMessageContaining("transform.type: rotate: " + message);
    }

    private static StoredTensors rotated(Model model, int seed) {
        return Transforms.apply(new Transform.Rotate(seed), model).tensors();
    }

    private static double squares(double[] values) {
        return Arrays.stream(values).map(value -> value * value).sum();
    }

    private static double[] values(StoredTensor tensor) {
        HostTensor matrix = HostTensor.over(tensor.data(), tensor.type().dtype(), tensor.rows(), tensor.cols());
        double[] values = new double[matrix.rows() * matrix.cols()];
        for (int row = 0; row < matrix.rows(); row++) {
            System.arraycopy(matrix.row(row), 0, values, row * matrix.cols(), matrix.cols());
        }
        return values;
    }
}
