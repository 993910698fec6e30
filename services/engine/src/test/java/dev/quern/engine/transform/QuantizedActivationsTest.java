package dev.quern.engine.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.Transformer.TokenGrid;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.TokenRounding;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Model;
import dev.quern.engine.model.ModelFixture;
import dev.quern.engine.model.Op;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ModuleOverride;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.Transform;
import dev.quern.recipes.activation.Activations;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine reads rounded values where, and only where, the recipe says so. */
class QuantizedActivationsTest {
    private static final double TOLERANCE = 1e-4;

    private final Random random = new Random();

    /** 16 bits are almost no rounding at all. */
    @ParameterizedTest
    @EnumSource(ModelFixture.class)
    void at16BitsTheLogitsStay(ModelFixture fixture) {
        try (JavaBackend backend = new JavaBackend(DType.F32, 2);
                ModelFixture.Model opened = fixture.open()) {
            Model original = new Model(opened.architecture(), new Float32(opened.checkpoint()));
            for (boolean symmetric : new boolean[] {true, false}) {
                double fine = distance(backend, fixture, original, recipe(16, 16, symmetric, false));
                double coarse = distance(backend, fixture, original, recipe(4, 4, symmetric, false));

                assertThat(fine)
                        .as("%s, 16 bits, symmetric %s", fixture, symmetric)
                        .isLessThan(0.002);
                assertThat(coarse).as("%s, 4 bits", fixture).isGreaterThan(20 * fine);
            }
        }
    }

    private static double distance(JavaBackend backend, ModelFixture fixture, Model model, Recipe recipe) {
        Model rounding = new Model(QuantizedActivations.evaluated(recipe, model.architecture()), model.tensors());
        return Float32.distance(Float32.logits(backend, rounding, fixture), fixture.logits());
    }

    @Test
    void everyCompressedLinearReadsRoundedInputsAndAttentionRoundedKeysAndValues() {
        try (ModelFixture.Model opened = ModelFixture.QWEN2_V4.open()) {
            Architecture architecture = opened.architecture();
            Block block = QuantizedActivations.evaluated(recipe(4, 8, true, false), architecture)
                    .blocks()
                    .get(1);
            Block plain = architecture.blocks().get(1);

            assertThat(block.program().linears())
                    .hasSize(7)
                    .allSatisfy(linear -> assertThat(linear.input()).endsWith("_quantized"));
            assertThat(block.program().units()).hasSameSizeAs(plain.program().units());
            assertThat(rounded(block))
                    .containsExactly("attention_input", "k_rotated", "v", "mixed", "mlp_input", "gated");
            assertThat(rounded(onlyKv(architecture))).containsExactly("k_rotated", "v");
            assertThat(plain.program().linears())
                    .noneMatch(linear -> linear.input().endsWith("_quantized"));
        }
    }

    private static Block onlyKv(Architecture architecture) {
        Recipe recipe = Recipes.find("gptq-w4a16")
                .withActivations(new Activations(null, new Activations.TokenGrid(4, true, 1), false));
        return QuantizedActivations.evaluated(recipe, architecture).blocks().getFirst();
    }

    private static List<String> rounded(Block block) {
        return block.program().ops().stream()
                .filter(op -> op.getClass() == Op.FakeQuantize.class)
                .flatMap(op -> op.inputs().stream())
                .toList();
    }

    /** Beside one that reads rounded inputs, a linear that keeps its weights reads the values themselves. */
    @Test
    void aLinearThatKeepsItsWeightsReadsWhatItAlwaysRead() {
        try (ModelFixture.Model opened = ModelFixture.QWEN2_V4.open()) {
            Architecture architecture = opened.architecture();
            Recipe recipe = recipe(4, null, true, false)
                    .withOverrides(List.of(ModuleOverride.keeping(List.of("*.v_proj", "*.0.mlp.down_proj"))));
            Architecture evaluated = QuantizedActivations.evaluated(recipe, architecture);

            for (int i = 0; i < 2; i++) {
                Block block = evaluated.blocks().get(i);
                assertThat(input(block, "self_attn.q_proj")).isEqualTo("attention_input_quantized");
                assertThat(input(block, "self_attn.v_proj")).isEqualTo("attention_input");
                assertThat(input(block, "mlp.down_proj")).isEqualTo(i == 0 ? "gated" : "gated_quantized");
                assertThat(block.program().units())
                        .hasSameSizeAs(architecture.blocks().get(i).program().units());
            }
        }
    }

    private static String input(Block block, String linear) {
        return block.program().ops().stream()
                .flatMap(op -> op.weights().stream()
                        .filter(weight -> weight.name().equals(linear + ".weight"))
                        .map(weight -> op.inputs().getFirst()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void calibrationRunsItOnlyWhereTheRecipeSaysSo() {
        try (ModelFixture.Model opened = ModelFixture.QWEN2_V4.open()) {
            Architecture architecture = opened.architecture();
            Recipe silent = recipe(4, 4, true, false);

            assertThat(QuantizedActivations.calibrated(silent, architecture, 0))
                    .isEqualTo(architecture.blocks().getFirst());
            assertThat(QuantizedActivations.calibrated(recipe(4, 4, true, true), architecture, 0))
                    .isEqualTo(QuantizedActivations.evaluated(silent, architecture)
                            .blocks()
                            .getFirst());
            assertThat(QuantizedActivations.evaluated(Recipes.find("gptq-w4a16"), architecture))
                    .isSameAs(architecture);
        }
    }

    /** Inputs of linears, keys and values inside a block are what the definition makes of the unrounded ones. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void linearsSeeWhatTheDefinitionGives(boolean symmetric) {
        try (JavaBackend backend = new JavaBackend(DType.F64, 2);
                ModelFixture.Model opened = ModelFixture.QWEN2_V4.open();
                Scope scope = backend.memory().scope();
                Interpreter interpreter = new Interpreter(backend, 6, Cancellation.NEVER)) {
            Architecture architecture = opened.architecture();
            Model model = new Model(architecture, new Float32(opened.checkpoint()));
            Recipe recipe = recipe(4, null, symmetric, false);
            Tensor hidden = scope.allocate(DType.F64, 12, architecture.hidden());
            HostTensor states = HostTensor.of(hidden);
            for (int row = 0; row < states.rows(); row++) {
                for (int col = 0; col < states.cols(); col++) {
                    states.set(row, col, random.nextGaussian());
                }
            }
            double[][] plain =
                    inputs(backend, model, architecture.blocks().getFirst(), interpreter, hidden, "self_attn.q_proj");
            Block rounding = QuantizedActivations.evaluated(recipe, architecture)
                    .blocks()
                    .getFirst();
            double[][] seen = inputs(backend, model, rounding, interpreter, hidden, "self_attn.q_proj");

            for (int row = 0; row < plain.length; row++) {
                double[] expected = plain[row].clone();
                TokenRounding.round(expected, new TokenGrid(expected.length, 4, symmetric, 1));
                for (int col = 0; col < expected.length; col++) {
                    assertThat(seen[row][col]).isCloseTo(expected[col], within(1e-12));
                }
            }
        }
    }

    private static double[][] inputs(
            JavaBackend backend, Model model, Block block, Interpreter interpreter, Tensor hidden, String linear) {
        double[][] seen = new double[hidden.rows()][];
        try (BlockWeights weights = new BlockWeights(backend, model.weights(backend), block)) {
            interpreter.record(weights, hidden, (unit, input) -> {
                if (unit.linears().stream().map(LinearSpec::name).anyMatch(linear::equals)) {
                    for (int row = 0; row < seen.length; row++) {
                        seen[row] = HostTensor.of(input).row(row);
                    }
                }
            });
        }
        return seen;
    }

    @Test
    void aRotatedModelIsRoundedToo() {
        try (JavaBackend backend = new JavaBackend(DType.F32, 2);
                ModelFixture.Model opened = ModelFixture.QWEN2_V4.open()) {
            Model original = new Model(opened.architecture(), new Float32(opened.checkpoint()));
            for (Boolean online : new Boolean[] {null, true}) {
                Model rotated = Transforms.apply(new Transform.Rotate(1, online), original);

                assertThat(distance(backend, ModelFixture.QWEN2_V4, rotated, recipe(16, 16, true, false)))
                        .isLessThan(20 * TOLERANCE);
            }
        }
    }

    private static Recipe recipe(int bits, @Nullable Integer kvBits, boolean symmetric, boolean calibrated) {
        Activations activations = new Activations(
                new Activations.TokenGrid(bits, symmetric, 1),
                kvBits == null ? null : new Activations.TokenGrid(kvBits, symmetric, 1),
                calibrated);
        Recipe usual = Recipes.find("gptq-w4a16");
        return new Recipe("some", Propagation.SEQUENTIAL, usual.grid(), usual.rounding(), true)
                .withActivations(activations);
    }
}
