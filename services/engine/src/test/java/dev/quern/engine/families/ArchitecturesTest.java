package dev.quern.engine.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.ModelFixture;
import dev.quern.engine.model.RopeSpec;
import dev.quern.engine.model.TensorSpec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchitecturesTest {
    private static final JsonObject LLAMA = parse("""
            {"model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3,
             "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100, "max_position_embeddings": 32}
            """);

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', textBlock = """
            model_type         | "mamba"                                | config.json: model_type: "mamba" (supported: llama, qwen2, qwen3)
            hidden_act         | "gelu"                                 | config.json: hidden_act: "gelu" (supported: silu)
            use_sliding_window | true                                   | config.json: use_sliding_window: true (supported: false)
            layer_types        | ["full_attention","sliding_attention"] | config.json: layer_types: ["full_attention","sliding_attention"] (supported: full_attention)
            rope_parameters    | {"rope_type":"yarn","factor":4.0}      | rope_type: "yarn" (supported: default, linear, llama3)
            rope_scaling       | {"type":"dynamic","factor":4.0}        | type: "dynamic" (supported: default, linear, llama3)
            rope_scaling       | {"type":"default","mrope_section":[1]} | mrope_section: [1] (supported: rope_type, type,
            rope_parameters    | {"rope_type":null,"type":"yarn"}       | type: "yarn" (supported: default, linear, llama3)
            partial_rotary_factor | 0.5                                 | config.json: partial_rotary_factor: 0.5 (supported: 1)
            """)
    void refusesWhatItDoesNotImplement(String key, String value, String message) {
        assertThatThrownBy(() -> Architectures.of(with(key, value)))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED_ARCHITECTURE))
                .hasMessageContaining(message);
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', textBlock = """
            hidden_size         | null                                 | hidden_size: missing (expected: a whole number)
            hidden_size         | -64                                  | hidden_size: -64 (expected: more than 0)
            vocab_size          | "100"                                | vocab_size: "100" (expected: a whole number)
            num_key_value_heads | 3                                    | num_key_value_heads: 3 (expected: a divisor of num_attention_heads = 4)
            head_dim            | 15                                   | head_dim: 15 (expected: an even number
            rope_scaling        | {"rope_type":"linear"}               | factor: missing (expected: a number)
            rope_scaling        | {"rope_type":"llama3","factor":8}    | low_freq_factor: missing
            """)
    void namesWhatIsMissingOrOutOfRange(String key, String value, String message) {
        assertThatThrownBy(() -> Architectures.of(with(key, value)))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
                .hasMessageContaining(message);
    }

    /** Names in a file may be of any length; the message is not. */
    @Test
    void aLongNameIsShownInPart() {
        String parameters = "{\"rope_type\": \"default\", \"" + "x".repeat(100_000) + "\": 1}";
        assertThatThrownBy(() -> Architectures.of(with("rope_parameters", parameters)))
                .isInstanceOf(QuernException.class)
                .message()
                .startsWith("config.json: rope_parameters: xxxx")
                .hasSizeLessThan(1_000);
    }

    @Test
    void listsEveryTensorWithItsShape() {
        Architecture llama = Architectures.of(new ModelConfig(LLAMA));

        assertThat(llama.tensors())
                .hasSize(3 + 3 * 9)
                .contains(
                        TensorSpec.matrix("model.embed_tokens.weight", 100, 64),
                        TensorSpec.matrix("model.layers.2.self_attn.k_proj.weight", 32, 64),
                        TensorSpec.matrix("model.layers.2.mlp.down_proj.weight", 64, 96),
                        TensorSpec.vector("model.norm.weight", 64),
                        TensorSpec.matrix("lm_head.weight", 100, 64));
        assertThat(Architectures.of(with("tie_word_embeddings", "true")).tensors())
                .hasSize(2 + 3 * 9);
        assertThat(Architectures.of(with("model_type", "\"qwen2\"")).tensors())
                .hasSize(3 + 3 * 12)
                .contains(TensorSpec.vector("model.layers.0.self_attn.v_proj.bias", 32));
        assertThat(Architectures.of(with("model_type", "\"qwen3\"")).tensors())
                .hasSize(3 + 3 * 11)
                .contains(TensorSpec.vector("model.layers.0.self_attn.q_norm.weight", 128));
    }

    @Test
    void groupsLinearsThatShareAnInput() {
        assertThat(Architectures.of(new ModelConfig(LLAMA))
                        .programs()
                        .getFirst()
                        .units())
                .extracting(
                        unit -> unit.linears().stream().map(LinearSpec::name).toList())
                .map(Object::toString)
                .containsExactly(
                        "[self_attn.q_proj, self_attn.k_proj, self_attn.v_proj]",
                        "[self_attn.o_proj]",
                        "[mlp.gate_proj, mlp.up_proj]",
                        "[mlp.down_proj]");
    }

    @Test
    void bothSpellingsOfThetaMeanTheSame() {
        RopeSpec v4 = Architectures.of(with("rope_theta", "500000.0"))
                .blocks()
                .getFirst()
                .rope();
        RopeSpec v5 = Architectures.of(
                        with("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 500000.0}"))
                .blocks()
                .getFirst()
                .rope();

        assertThat(v4).isEqualTo(v5);
        assertThat(v4.inverseFrequencies().get(1)).isCloseTo(Math.pow(500000, -2.0 / 16), within(1e-15));
    }

    /**
     * As transformers reads them: what people add by hand is rope_scaling, beside the rope_parameters of the saved
     * file.
     */
    @Test
    void ropeScalingWinsOverRopeParametersUnlessItIsEmpty() {
        JsonValue parameters = Json.parse("{\"rope_type\": \"default\", \"rope_theta\": 10000.0}");
        JsonObject both = LLAMA.with("rope_parameters", parameters);
        RopeSpec linear = Architectures.of(with("rope_scaling", "{\"type\": \"linear\", \"factor\": 4.0}"))
                .blocks()
                .getFirst()
                .rope();

        assertThat(rope(both, "{\"rope_type\": \"linear\", \"factor\": 4.0}")).isEqualTo(linear);
        assertThat(rope(both, "{}")).isEqualTo(rope(LLAMA, "null")).isNotEqualTo(linear);
        assertThat(rope(both, "{\"factor\": null}")).isEqualTo(rope(LLAMA, "null"));
        assertThatThrownBy(() -> rope(both, "{\"rope_type\": \"yarn\", \"factor\": 4.0}"))
                .hasMessageContaining(
                        "config.json: rope_scaling: rope_type: \"yarn\" (supported: default, linear, llama3)");
        assertThatThrownBy(() -> rope(both.with("rope_theta", 500_000), "{\"type\": \"linear\", \"factor\": 4.0}"))
                .hasMessage("config.json: rope_parameters: rope_theta: 10000.0"
                        + " (expected: 500000.0, as with rope_scaling, which wins: loaders differ)");
    }

    private static RopeSpec rope(JsonObject config, String scaling) {
        return Architectures.of(new ModelConfig(config.with("rope_scaling", Json.parse(scaling))))
                .blocks()
                .getFirst()
                .rope();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "{\"hidden_act\": \"swish\"}",
                "{\"use_sliding_window\": true, \"sliding_window\": null}",
                "{\"layer_types\": null, \"use_sliding_window\": null, \"hidden_act\": null, \"rope_scaling\": null}",
            })
    void namesOfTheSameFunctionAreTakenAsSuch(String keys) {
        JsonObject config = LLAMA;
        for (Map.Entry<String, JsonValue> key : parse(keys).members().entrySet()) {
            config = config.with(key.getKey(), key.getValue());
        }

        assertThat(Architectures.of(new ModelConfig(config))).isEqualTo(Architectures.of(new ModelConfig(LLAMA)));
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', textBlock = """
            num_hidden_layers | 3     | model.layers.2.input_layernorm.weight: missing
            intermediate_size | 64    | model.layers.0.mlp.gate_proj.weight: shape [48, 32] (expected: [64, 32])
            mlp_bias          | false | mlp.down_proj.bias: unexpected tensor (supported: those that llama has
            """)
    void comparesACheckpointTensorByTensor(String key, String value, String message) {
        try (ModelFixture.Model model = ModelFixture.LLAMA_LINEAR_ROPE_BIASES.open()) {
            model.architecture().check(model.checkpoint());
            JsonObject changed = model.checkpoint().config().raw().with(key, Json.parse(value));
            Architecture other = Architectures.of(new ModelConfig(changed));

            assertThatThrownBy(() -> other.check(model.checkpoint()))
                    .isInstanceOf(QuernException.class)
                    .hasMessageContaining(message);
        }
    }

    private static ModelConfig with(String key, String value) {
        return new ModelConfig(LLAMA.with(key, Json.parse(value)));
    }

    private static JsonObject parse(String text) {
        return (JsonObject) Json.parse(text);
    }
}
