package dev.quern.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.calibration.Slice;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Architectures;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import org.junit.jupiter.api.Test;

/** Plans for a model of 8 billion weights, of which only the config is there. */
class PlannerTest {
    private static final long GIB = 1L << 30;
    private static final long SOURCE_BYTES = 16_060_522_496L;
    private static final Architecture LLAMA_8B = Architectures.of(new ModelConfig((JsonObject) Json.parse("""
            {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
             "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "rms_norm_eps": 1e-5,
             "max_position_embeddings": 131072, "hidden_act": "silu", "rope_theta": 500000.0,
             "tie_word_embeddings": false, "torch_dtype": "bfloat16"}
            """)));

    @Test
    void aPlanCountsWhatIsCompressedAndWhatComesOut() {
        Plan plan = plan(gptq(4, 128, Propagation.INDEPENDENT), 64 * GIB);

        assertThat(plan.tiling().windowsPerTile()).isEqualTo(2);
        assertThat(plan.segments()).containsExactly(new Slice(0, 32));
        assertThat(plan.weightsCompressed()).isEqualTo(6_979_321_856L);
        // 4 bits and a scale of 2 bytes for each 128 weights; the rest is embedding, head and norms in bf16.
        assertThat(plan.bitsPerWeight()).isBetween(4.125, 4.1251);
        assertThat(plan.outputBytes())
                .isCloseTo(
                        SOURCE_BYTES - 2 * plan.weightsCompressed() + (long) (plan.weightsCompressed() * 4.125 / 8),
                        org.assertj.core.data.Offset.offset(10_000L));
        assertThat(plan.seconds()).isBetween(600.0, 36_000.0);
    }

    @Test
    void memoryIsABlockWithItsStatisticsNotAModel() {
        Plan plan = plan(gptq(4, 128, Propagation.INDEPENDENT), 64 * GIB);

        long down = 14336L * 14336 * 8;
        assertThat(plan.statisticsBytes()).as("all units of a block").isEqualTo(3 * 4096L * 4096 * 8 + down);
        assertThat(plan.peakBytes()).isBetween(4 * GIB, 10 * GIB);
        assertThat(plan.scratchBytes()).isBetween(4 * GIB, 8 * GIB);
    }

    /** Less memory is paid for with more passes over the tiles; below one unit's statistics nothing helps. */
    @Test
    void aSmallBudgetHoldsFewerStatisticsAndAnOverdrawnOneIsRefusedWithTheNumber() {
        Plan roomy = plan(gptq(4, 128, Propagation.INDEPENDENT), 64 * GIB);
        long least = roomy.peakBytes() - 3 * 4096L * 4096 * 8;

        Plan tight = plan(gptq(4, 128, Propagation.INDEPENDENT), least);

        assertThat(tight.statisticsBytes()).isEqualTo(14336L * 14336 * 8);
        assertThat(tight.peakBytes()).isEqualTo(least);
        assertThat(tight.secondsPerStage().get("compress"))
                .isGreaterThan(roomy.secondsPerStage().get("compress"));
        assertThatThrownBy(() -> plan(gptq(4, 128, Propagation.INDEPENDENT), least - 1))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.MEMORY_BUDGET))
                .hasMessageContaining("memory: " + least + " bytes predicted (expected: at most " + (least - 1));
    }

    @Test
    void plainRoundingTakesNoStatisticsAndNoStream() {
        Recipe nearest = new Recipe(
                "rtn", Propagation.INDEPENDENT, new Grid(4, 128, false, ClipSearch.NONE), new Nearest(), true);

        Plan plan = plan(nearest, 64 * GIB);

        assertThat(plan.statisticsBytes()).isZero();
        assertThat(plan.bitsPerWeight()).as("with zero points").isBetween(4.156, 4.157);
    }

    @Test
    void sequentialWalksPassEveryTileOnceMore() {
        assertThat(plan(gptq(4, 128, Propagation.SEQUENTIAL), 64 * GIB)
                        .secondsPerStage()
                        .get("compress"))
                .isGreaterThan(plan(gptq(4, 128, Propagation.INDEPENDENT), 64 * GIB)
                        .secondsPerStage()
                        .get("compress"));
    }

    @Test
    void aGroupThatDoesNotDivideIsRefused() {
        assertThatThrownBy(() -> plan(gptq(4, 96, Propagation.INDEPENDENT), 64 * GIB))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SHAPE_MISMATCH))
                .hasMessageContaining("grid.groupSize: 96");
    }

    private static Plan plan(Recipe recipe, long memory) {
        return Planner.plan(
                LLAMA_8B, SOURCE_BYTES, 2, new Workload(recipe, 128, 2048, 64 * 2048), new Budget(memory, 16));
    }

    private static Recipe gptq(int bits, int groupSize, Propagation propagation) {
        Grid grid = new Grid(bits, groupSize, true, ClipSearch.MSE);
        return new Recipe("gptq", propagation, grid, new Gptq(Order.STATIC, 0.01), true);
    }
}
