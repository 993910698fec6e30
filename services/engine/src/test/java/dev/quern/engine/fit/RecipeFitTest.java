package dev.quern.engine.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ModuleOverride;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecipeFitTest {
    private static final Recipe W4 = Recipes.find("gptq-w4a16");

    @Test
    void autoIsExplicitWhereOneGroupServesAll() {
        assertThat(RecipeFit.resolve(W4, model(4096, 14336)).grid().groupSize()).isEqualTo(128);
        assertThat(RecipeFit.resolve(W4, model(192, 448)).grid().groupSize()).isEqualTo(64);
    }

    /** The widths of SmolLM2-135M. */
    @Test
    void autoTakesForEachLinearWhatFits() {
        Architecture model = model(576, 1536);

        assertThat(RecipeFit.resolve(W4, model)).isEqualTo(W4);
        GridMap grids = GridMap.of(W4, model);
        assertThat(grids.groups())
                .extracting(group -> group.grid().groupSize(), GridMap.Group::everywhere)
                .containsExactly(
                        tuple(
                                64,
                                List.of(
                                        "self_attn.q_proj",
                                        "self_attn.k_proj",
                                        "self_attn.v_proj",
                                        "self_attn.o_proj",
                                        "mlp.gate_proj",
                                        "mlp.up_proj")),
                        tuple(128, List.of("mlp.down_proj")));
    }

    @Test
    void aGroupThatDoesNotFitIsRefusedWithThoseThatDo() {
        assertThatThrownBy(() -> RecipeFit.resolve(with(128), model(576, 1536)))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SHAPE_MISMATCH))
                .hasMessage("grid.groupSize: 128 (expected: a divisor of the 576 columns of self_attn.q_proj; these fit"
                        + " every linear, 0 as one scale per row: 64, 32, 16, 0; ask for one with --group-size 64, or for"
                        + " the best of each linear with --group-size auto)");
        assertThatThrownBy(() -> RecipeFit.resolve(W4, model(80, 256)))
                .hasMessage("grid.groupSize: auto (expected: a divisor of the 80 columns of self_attn.q_proj; these fit"
                        + " every linear, 0 as one scale per row: 16, 0; ask for one with --group-size 16)");
    }

    /** What is ignored need not fit. */
    @Test
    void ignoredLinearsDoNotCount() {
        Recipe recipe = ignoring(with(128), "*.self_attn.*", "*.gate_proj", "*.up_proj");
        assertThat(RecipeFit.resolve(recipe, model(576, 1536))).isEqualTo(recipe);
        assertThat(GridMap.of(recipe, model(576, 1536)).kept()).hasSize(12).contains("model.layers.1.mlp.up_proj");
    }

    @Test
    void patternsMustStandForLinearsAndLeaveSome() {
        assertThatThrownBy(() -> RecipeFit.resolve(ignoring(W4, "*.c_proj"), model(576, 1536)))
                .hasMessage(
                        "ignore: *.c_proj (expected: a pattern that stands for linears of the model, which are called as"
                                + " in model.layers.0.mlp.down_proj)");
        assertThatThrownBy(() -> RecipeFit.resolve(ignoring(W4, "*"), model(576, 1536)))
                .hasMessage(
                        "overrides: every linear keeps its weights (expected: patterns that leave linears to compress)");
        assertThat(GridMap.of(ignoring(W4, "lm_head"), model(576, 1536)).kept()).isEmpty();
    }

    /** Every grid of a recipe takes the group that fits its own linears. */
    @Test
    void overridesPutLinearsOnOtherGrids() {
        Architecture model = model(576, 1536);
        Recipe.Grid eight = new Recipe.Grid(8, Recipe.Grid.AUTO, true, Recipe.ClipSearch.NONE);
        Recipe recipe = W4.withOverrides(List.of(
                ModuleOverride.keeping(List.of("model.layers.0.self_attn.*")),
                new ModuleOverride(List.of("model.layers.1.*"), W4.grid().withGroupSize(32), null, null),
                new ModuleOverride(List.of("*.down_proj"), eight, new Recipe.Nearest(), null)));

        Recipe resolved = RecipeFit.resolve(recipe, model);
        assertThat(resolved.grid().groupSize()).as("of gate and up in block 0").isEqualTo(64);
        assertThat(resolved.overriding().getLast().grid()).isEqualTo(eight.withGroupSize(128));
        assertThat(RecipeFit.resolve(resolved, model)).as("once is enough").isEqualTo(resolved);
        assertThat(GridMap.of(recipe, model).groups())
                .containsExactly(
                        new GridMap.Group(
                                new IntegerShape(4, 64, true),
                                List.of(),
                                List.of("model.layers.0.mlp.gate_proj", "model.layers.0.mlp.up_proj")),
                        new GridMap.Group(
                                new IntegerShape(8, 128, true), List.of(), List.of("model.layers.0.mlp.down_proj")),
                        new GridMap.Group(
                                new IntegerShape(4, 32, true),
                                List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),
                                List.of(
                                        "model.layers.1.mlp.gate_proj",
                                        "model.layers.1.mlp.up_proj",
                                        "model.layers.1.mlp.down_proj")));
    }

    @Test
    void anOverrideThatNamesNothingIsRefused() {
        Recipe recipe = W4.withOverrides(
                List.of(new ModuleOverride(List.of("*.down_prj"), W4.grid().withGroupSize(32), null, null)));
        assertThatThrownBy(() -> RecipeFit.resolve(recipe, model(576, 1536)))
                .hasMessage(
                        "overrides.modules: *.down_prj (expected: a pattern that stands for linears of the model, which"
                                + " are called as in model.layers.0.mlp.down_proj)");
    }

    private static Recipe with(int group) {
        return W4.withGrid(W4.grid().withGroupSize(group));
    }

    private static Recipe ignoring(Recipe recipe, String... patterns) {
        return recipe.withOverrides(List.of(ModuleOverride.keeping(List.of(patterns))));
    }

    private static Architecture model(int hidden, int intermediate) {
        String config = """
                {"model_type": "llama", "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": 2,
                 "num_attention_heads": 1, "num_key_value_heads": 1, "vocab_size": 64, "max_position_embeddings": 64,
                 "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": true, "rope_theta": 10000.0}
                """.formatted(hidden, intermediate);
        return Architectures.of(new ModelConfig((JsonObject) Json.parse(config)));
    }
}
