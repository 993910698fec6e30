package dev.quern.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Pruning;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import java.util.List;
import java.util.Objects;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Plans for a model of 8 billion weights, of which only the config is there. */
class PlannerTest {
    private static final long GIB = 1L << 30;
    private static final long SOURCE_BYTES = 16_060_522_496L;
    private static final DeviceSpeed CORES = new DeviceSpeed(16 * 30e9, 1e9);
    private static final Budget ROOMY = new Budget(64 * GIB, 16, CORES);
    private static final Architecture LLAMA_8B = Architectures.of(new ModelConfig((JsonObject) Json.parse("""
            {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
             "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "rms_norm_eps": 1e-5,
             "max_position_embeddings": 131072, "hidden_act": "silu", "rope_theta": 500000.0,
             "tie_word_embeddings": false, "torch_dtype": "bfloat16"}
            """)));

    private static final Architecture TINY = Architectures.of(new ModelConfig((JsonObject) Json.parse("""
            {"model_type": "llama", "hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4,
             "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 512, "rms_norm_eps": 1e-5,
             "max_position_embeddings": 256, "hidden_act": "silu", "rope_theta": 10000.0,
             "tie_word_embeddings": true, "torch_dtype": "bfloat16"}
            """)));

    @Test
    void aPlanCountsWhatIsCompressedAndWhatComesOut() {
        Plan plan = plan(gptq(4, 128, Propagation.INDEPENDENT), 64 * GIB);

        assertThat(plan.tiling().windowsPerTile()).isEqualTo(2);
        assertThat(plan.segments()).containsExactly(new Slice(0, 32));
        assertThat(plan.needs().weightsCompressed()).isEqualTo(6_979_321_856L);
        // 4 bits and a scale of 2 bytes for each 128 weights; the rest is embedding, head and norms in bf16.
        assertThat(plan.bitsPerWeight()).isBetween(4.125, 4.1251);
        assertThat(plan.outputBytes())
                .isCloseTo(
                        SOURCE_BYTES
                                - 2 * plan.needs().weightsCompressed()
                                + (long) (plan.needs().weightsCompressed() * 4.125 / 8),
                        org.assertj.core.data.Offset.offset(10_000L));
        assertThat(plan.seconds()).isBetween(600.0, 36_000.0);
    }

    @Test
    void memoryIsABlockWithItsStatisticsNotAModel() {
        Plan plan = plan(gptq(4, 128, Propagation.INDEPENDENT), 64 * GIB);

        long down = 14336L * 14336 * 8;
        assertThat(plan.needs().statisticsBytes()).as("all units of a block").isEqualTo(3 * 4096L * 4096 * 8 + down);
        assertThat(plan.needs().peakBytes()).isBetween(4 * GIB, 10 * GIB);
        assertThat(plan.needs().scratchBytes()).isBetween(4 * GIB, 8 * GIB);
    }

    /** The sum of a run of tiles beside the sum of all; one run needs no second matrix. */
    @Test
    void sequentialSumsTakeTwoMatrices() {
        Recipe sequential = gptq(4, 128, Propagation.SEQUENTIAL);
        Plan independent = plan(gptq(4, 128, Propagation.INDEPENDENT), 64 * GIB);
        Plan plan = plan(sequential, 64 * GIB);
        Plan oneTile =
                Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, new Workload(sequential, 2, 2048, 2048), ROOMY, Fanout.ALONE);

        assertThat(plan.needs().statisticsBytes())
                .isEqualTo(2 * independent.needs().statisticsBytes());
        assertThat(plan.needs().peakBytes() - independent.needs().peakBytes())
                .isEqualTo(independent.needs().statisticsBytes());
        assertThat(oneTile.needs().statisticsBytes())
                .isEqualTo(independent.needs().statisticsBytes());
    }

    /** Less memory is paid for with more passes over the tiles; below one unit's statistics nothing helps. */
    @Test
    void aSmallBudgetHoldsFewerStatisticsAndAnOverdrawnOneIsRefusedWithTheNumber() {
        Plan roomy = plan(gptq(4, 128, Propagation.INDEPENDENT), 64 * GIB);
        long least = roomy.needs().peakBytes() - 3 * 4096L * 4096 * 8;

        Plan tight = plan(gptq(4, 128, Propagation.INDEPENDENT), least);

        assertThat(tight.needs().statisticsBytes()).isEqualTo(14336L * 14336 * 8);
        assertThat(tight.needs().peakBytes()).isEqualTo(least);
        assertThat(tight.secondsPerStage().get("compress"))
                .isGreaterThan(roomy.secondsPerStage().get("compress"));
        assertThatThrownBy(() -> plan(gptq(4, 128, Propagation.INDEPENDENT), least - 1))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.MEMORY_BUDGET))
                .hasMessageContaining("memory: " + least + " bytes predicted (expected: at most " + (least - 1));
    }

    /** What lies on the device does not count against the process, and the codes of a block not against the device. */
    @Test
    void aDeviceWithMemoryOfItsOwnIsAPotBesideThatOfTheProcess() {
        Recipe recipe = gptq(4, 128, Propagation.INDEPENDENT);
        Plan.Needs one = plan(recipe, ROOMY, Fanout.ALONE).needs();
        long codes = 218_103_808L;
        long host = (400L << 20) + codes;
        long device = one.peakBytes() - host;

        Plan.Needs two = plan(recipe, pots(device, host), Fanout.ALONE).needs();

        assertThat(two).isEqualTo(one);
        assertThat(plan(recipe, pots(device - 8, host), Fanout.ALONE).needs().statisticsBytes())
                .isLessThan(one.statisticsBytes());
        assertThatThrownBy(() -> plan(recipe, pots(device, host - 1), Fanout.ALONE))
                .hasMessageContaining(
                        "memory of the host: " + host + " bytes predicted (expected: at most " + (host - 1));
        assertThatThrownBy(() -> plan(recipe, pots(device / 4, 64 * GIB), Fanout.ALONE))
                .hasMessageContaining("memory: ");
    }

    /** Gradients need the states before each of their segments, also where one worker compresses all blocks. */
    @Test
    void gradientsAreWalkedInRunsOfTilesThroughSegmentsOfBlocks() {
        Workload workload = new Workload(Recipes.find("yaqa-w4a16"), 512, 2048, 32_768);
        Plan plan = Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, workload, ROOMY, Fanout.ALONE);

        Plan.Gradients gradients = Objects.requireNonNull(plan.gradients());
        assertThat(gradients.runs()).hasSize(5).endsWith(new TileRun(228, 256));
        assertThat(gradients.segments()).isEqualTo(Slice.split(32, 6));
        assertThat(plan.segments()).hasSize(1);
        assertThat(plan.streamStarts()).containsExactly(5, 10, 16, 21, 26);
        assertThat(plan.traceRuns()).isNotEmpty();
        assertThat(gradients.sumsBytes()).isGreaterThanOrEqualTo(8 * (14336L * 14336 + 4096L * 4096));
        assertThat(plan.secondsPerStage().get("gradient"))
                .isGreaterThan(4 * plan.secondsPerStage().get("trace"));
        assertThat(plan.needs().scratchBytes()).as("the sums of five runs").isBetween(500 * GIB, 600 * GIB);
    }

    /** The factor of the outputs alone takes less of everything. */
    @Test
    void theCheapModeSumsOneSide() {
        Workload both = new Workload(Recipes.find("yaqa-w4a16"), 512, 2048, 32_768);
        Workload one = new Workload(Recipes.find("yaqa-lite-w4a16"), 512, 2048, 32_768);
        Plan full = Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, both, ROOMY, Fanout.ALONE);
        Plan lite = Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, one, ROOMY, Fanout.ALONE);

        assertThat(lite.needs().scratchBytes()).isLessThan(full.needs().scratchBytes() * 2 / 3);
        assertThat(lite.secondsPerStage().get("gradient"))
                .isLessThan(full.secondsPerStage().get("gradient"));
    }

    /** Each half-step is a pass back over the text, in one run; the sums take the disk of two runs instead of five. */
    @Test
    void aPowerIterationTakesAPassForEachHalfStep() {
        Plan windows = gradients("");
        Plan two = gradients(", sketch: {type: tokens, iterations: 2}");
        Plan six = gradients(", sketch: {type: tokens}");

        assertThat(Objects.requireNonNull(six.gradients()).runs())
                .containsExactly(new TileRun(0, 228), new TileRun(228, 256));
        double twoPasses = two.secondsPerStage().get("gradient");
        double sixPasses = six.secondsPerStage().get("gradient");
        assertThat(sixPasses / twoPasses).isBetween(2.5, 3.5);
        assertThat(sixPasses).isGreaterThan(3 * windows.secondsPerStage().get("gradient"));
        assertThat(six.gradients().sumsBytes())
                .isEqualTo(Objects.requireNonNull(windows.gradients()).sumsBytes());
        assertThat(six.needs().scratchBytes()).isLessThan(windows.needs().scratchBytes());
        Plan lite = gradients(", inputFactor: activations, sketch: {type: tokens}");
        assertThat(lite.gradients()).isEqualTo(six.gradients());
        assertThat(lite.needs().scratchBytes()).isLessThan(six.needs().scratchBytes());
    }

    private static Plan gradients(String rounding) {
        Recipe recipe =
                Recipes.read("apiVersion: quern/v1\nrounding: {method: yaqa%s}\ngrid: {bits: 4}\n".formatted(rounding));
        return Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, new Workload(recipe, 512, 2048, 32_768), ROOMY, Fanout.ALONE);
    }

    private static Budget pots(long device, long host) {
        return new Budget(new Budget.Memory(device, host), 16, CORES, Long.MAX_VALUE);
    }

    /** Nothing is cut that nobody asks to cut: what it would save is not known. */
    @Test
    void withoutAMeasuredDeviceAPlanHasNoTimes() {
        Budget unmeasured = new Budget(64 * GIB, 16, null);
        Recipe recipe = gptq(4, 128, Propagation.INDEPENDENT);

        assertThat(plan(recipe, unmeasured, workers(8)).segments()).hasSize(1);
        Plan wished = plan(recipe, unmeasured, wish(8, 4));
        assertThat(wished.segments()).hasSize(4);
        assertThat(wished.secondsPerStage()).isEmpty();
        assertThat(wished.needs().peakBytes())
                .isEqualTo(plan(recipe, ROOMY, wish(8, 4)).needs().peakBytes());
        assertThat(plan(gptq(4, 128, Propagation.SEQUENTIAL), unmeasured, workers(8))
                        .sharing())
                .isNull();
    }

    @Test
    void plainRoundingTakesNoStatisticsAndNoStream() {
        Recipe nearest = new Recipe(
                "rtn", Propagation.INDEPENDENT, new Grid(4, 128, false, ClipSearch.NONE), new Nearest(), true);

        Plan plan = plan(nearest, 64 * GIB);

        assertThat(plan.needs().statisticsBytes()).isZero();
        assertThat(plan.bitsPerWeight()).as("with zero points").isBetween(4.156, 4.157);
    }

    /** A second output takes its solving, its codes, its hidden states and its files; the walk is one. */
    @Test
    void aSecondOutputIsCounted() {
        Recipe four = gptq(4, 128, Propagation.INDEPENDENT);
        Recipe three = gptq(3, 128, Propagation.INDEPENDENT);
        Plan alone = plan(four, ROOMY, Fanout.ALONE);
        Workload both = new Workload(List.of(four, three), List.of(), 128, 2048, 64 * 2048);

        Plan plan = Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, both, ROOMY, Fanout.ALONE);

        assertThat(plan.outputs().getFirst()).isEqualTo(alone.outputs().getFirst());
        assertThat(plan.outputBytes())
                .isEqualTo(
                        alone.outputBytes() + plan(three, ROOMY, Fanout.ALONE).outputBytes());
        assertThat(plan.needs().statisticsBytes()).isEqualTo(alone.needs().statisticsBytes());
        assertThat(plan.needs().peakBytes() - alone.needs().peakBytes())
                .as("codes of a block")
                .isEqualTo(alone.needs().weightsCompressed() / 32);
        assertThat(plan.needs().scratchBytes())
                .as("hidden states of three models, and every 16th input of a block's linears")
                .isEqualTo(3 * 64L * 2048 * 4096 * 4 + 64L * 129 * (3 * 4096 + 14_336) * 4);
        assertThat(plan.secondsPerBlock()).isBetween(alone.secondsPerBlock(), 2 * alone.secondsPerBlock());
        assertThat(plan.secondsPerStage().get("evaluate"))
                .isBetween(
                        1.5 * alone.secondsPerStage().get("evaluate"),
                        1.6 * alone.secondsPerStage().get("evaluate"));
        assertThat(plan.secondsPerStage().get("assemble"))
                .isEqualTo(2 * alone.secondsPerStage().get("assemble"));
    }

    /** A mask takes a bit of each weight, and half of the codes are left. Blocks are committed with all their codes. */
    @Test
    void theSizeOfAnOutputIsThatOfItsFormat() {
        Recipe pruned =
                gptq(4, 128, Propagation.INDEPENDENT).withMask(new Pruning(Pruning.Score.WANDA, 0.5, null, 0.01));
        Recipe pattern =
                gptq(4, 128, Propagation.INDEPENDENT).withMask(new Pruning(Pruning.Score.WANDA, null, "1:4", 0.01));
        List<String> formats =
                List.of(Formats.COMPRESSED_TENSORS, Formats.QUERN_SPARSE, Formats.QUERN_SPARSE, Formats.QUERN_SPARSE);
        Workload workload = new Workload(
                List.of(pruned, pruned, pattern, gptq(4, 128, Propagation.INDEPENDENT)), formats, 128, 2048, 64 * 2048);
        Workload dense = new Workload(workload.recipes(), List.of(), 128, 2048, 64 * 2048);

        Plan plan = Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, workload, ROOMY, Fanout.ALONE);

        assertThat(plan.outputs().get(0).bitsPerWeight()).isBetween(4.125, 4.126);
        assertThat(plan.outputs().get(1).bitsPerWeight()).isBetween(3.125, 3.13);
        assertThat(plan.outputs().get(2).bitsPerWeight()).isBetween(2.125, 2.13);
        assertThat(plan.outputs().get(3).bitsPerWeight())
                .as("nothing is pruned: no smaller than dense")
                .isBetween(4.125, 4.4);
        assertThat(plan.outputs().get(0).bytes() - plan.outputs().get(1).bytes())
                .isCloseTo(plan.needs().weightsCompressed() / 8, Offset.offset(10_000_000L));
        assertThat(plan.needs().scratchBytes())
                .isEqualTo(Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, dense, ROOMY, Fanout.ALONE)
                        .needs()
                        .scratchBytes());
    }

    @Test
    void aRecipeThatDoesNotFitIsRefusedBesideOneThatDoes() {
        Workload both = new Workload(
                List.of(gptq(4, 128, Propagation.INDEPENDENT), gptq(3, 96, Propagation.INDEPENDENT)),
                List.of(),
                128,
                2048,
                1);

        assertThatThrownBy(() -> Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, both, ROOMY, Fanout.ALONE))
                .hasMessageContaining("grid.groupSize: 96");
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

    /**
     * Two segments for each worker, and a run of the trace for each segment; the last segment's start ends the trace.
     */
    @Test
    void workersShareSegmentsAndTheTrace() {
        Plan alone = plan(gptq(4, 128, Propagation.INDEPENDENT), ROOMY, Fanout.ALONE);
        Plan shared = plan(gptq(4, 128, Propagation.INDEPENDENT), ROOMY, workers(3));

        assertThat(alone.traceRuns()).isEmpty();
        assertThat(alone.secondsPerStage().get("trace")).isZero();
        assertThat(shared.segments())
                .containsExactly(
                        new Slice(0, 5),
                        new Slice(5, 10),
                        new Slice(10, 16),
                        new Slice(16, 21),
                        new Slice(21, 26),
                        new Slice(26, 32));
        assertThat(shared.traceRuns()).hasSize(6).startsWith(new TileRun(0, 10)).endsWith(new TileRun(53, 64));
        assertThat(shared.tiling()).isEqualTo(alone.tiling());
        assertThat(shared.secondsPerBlock()).isEqualTo(alone.secondsPerBlock());
        assertThat(shared.secondsPerStage().get("compress"))
                .isEqualTo(alone.secondsPerStage().get("compress") / 3);
        assertThat(shared.secondsPerStage().get("trace"))
                .isBetween(10.0, alone.secondsPerStage().get("compress") / 3);
        assertThat(shared.seconds()).isLessThan(alone.seconds() / 2);
    }

    @Test
    void theOwnersWishDecides() {
        Recipe recipe = gptq(4, 128, Propagation.INDEPENDENT);

        assertThat(plan(recipe, ROOMY, wish(1, 4)).segments()).hasSize(4).contains(new Slice(8, 16));
        assertThat(plan(recipe, ROOMY, wish(1, 4)).traceRuns()).hasSize(4);
        assertThat(plan(recipe, ROOMY, wish(8, 1)).segments()).hasSize(1);
        assertThat(plan(recipe, ROOMY, wish(1, 1000)).segments()).hasSize(32);
    }

    /**
     * A wish for segments cannot make a chain of blocks parallel; plain rounding needs no stream at a segment's start.
     */
    @Test
    void whatIsNotIndependentStaysWholeAndWhatReadsNoTextIsNotTraced() {
        Plan sequential = plan(gptq(4, 128, Propagation.SEQUENTIAL), ROOMY, wish(4, 4));
        Recipe nearest =
                new Recipe("rtn", Propagation.SEQUENTIAL, new Grid(4, 128, true, ClipSearch.NONE), new Nearest(), true);
        Plan rounding = plan(nearest, ROOMY, wish(4, 4));

        assertThat(sequential.segments()).containsExactly(new Slice(0, 32));
        assertThat(sequential.traceRuns()).isEmpty();
        assertThat(sequential.sharing()).isEqualTo(new Sharing(4, 4));
        assertThat(rounding.sharing()).isNull();
        assertThat(rounding.segments()).hasSize(4);
        assertThat(rounding.traceRuns()).isEmpty();
    }

    /**
     * There are four runs and four units for any number of workers. A single worker shares nothing, nor do workers
     * whose blocks take only a moment.
     */
    @Test
    void workersShareTheBlocksOfASequentialRecipe() {
        Recipe recipe = gptq(4, 128, Propagation.SEQUENTIAL);
        Plan alone = plan(recipe, ROOMY, workers(1));
        Plan two = plan(recipe, ROOMY, workers(2));
        Plan nine = plan(recipe, ROOMY, workers(9));

        assertThat(alone.sharing()).isNull();
        assertThat(two.sharing()).isEqualTo(nine.sharing()).isEqualTo(new Sharing(4, 4));
        assertThat(two.segments()).containsExactly(new Slice(0, 32));
        assertThat(two.secondsPerBlock()).as("of one worker").isEqualTo(alone.secondsPerBlock());
        double whole = alone.secondsPerStage().get("compress");
        assertThat(two.secondsPerStage().get("compress")).isBetween(whole / 2, whole / 1.5);
        assertThat(nine.secondsPerStage().get("compress")).isBetween(whole / 4, whole / 2.5);
        Workload small = new Workload(gptq(4, 32, Propagation.SEQUENTIAL), 16, 256, 4096);
        assertThat(Planner.plan(TINY, 2_000_000, 2, small, ROOMY, workers(8)).sharing())
                .isNull();
        assertThat(Planner.plan(TINY, 2_000_000, 2, small, ROOMY, wish(1, 2)).sharing())
                .as("one tile, one run")
                .isEqualTo(new Sharing(1, 4));
        assertThat(plan(recipe, ROOMY, wish(2, 1)).sharing()).isNull();
        assertThat(plan(gptq(4, 128, Propagation.INDEPENDENT), ROOMY, workers(2))
                        .sharing())
                .isNull();
    }

    @Test
    void scratchHoldsWhatWorkersHandOnOfABlock() {
        Recipe recipe = gptq(4, 128, Propagation.SEQUENTIAL);
        long stream = 128L * 2048 * 4096 * 2;
        Plan alone = plan(recipe, ROOMY, wish(2, 1));
        Plan shared = plan(recipe, ROOMY, wish(2, 2));

        // Four runs' sums and one on its way, half of each matrix; streams at two boundaries; the parts of a block.
        long sums = 4 * (3 * half(4096) + half(14336)) + half(14336);
        long block = (long) (218_103_808 * 4.125 / 8);
        assertThat(shared.needs().scratchBytes() - alone.needs().scratchBytes())
                .isCloseTo(2 * stream + sums + block, org.assertj.core.data.Percentage.withPercentage(1.5));
    }

    private static long half(long cols) {
        return cols * cols * 8 / 2;
    }

    /** A machine that computes fast and reads slowly takes fewer, longer runs: loading may take a fifth of the time. */
    @Test
    void runsOfTheTraceOutweighTheLoadingOfWeights() {
        double flops = 1e13;
        double bytes = 1e9;
        Budget accelerator = new Budget(64 * GIB, 16, new DeviceSpeed(flops, bytes));

        Plan plan = plan(gptq(4, 128, Propagation.INDEPENDENT), accelerator, wish(16, 16));

        assertThat(plan.traceRuns()).hasSize(4).allSatisfy(run -> {
            long tokens = (long) (run.end() - run.first()) * plan.tiling().tokensPerTile();
            assertThat((double) tokens).isGreaterThanOrEqualTo(5 * flops / bytes);
        });
    }

    @Test
    void scratchHoldsTheStreamsThatTheStoreKeeps() {
        Recipe recipe = gptq(4, 128, Propagation.INDEPENDENT);
        long stream = 128L * 2048 * 4096 * 2;
        Plan alone = plan(recipe, ROOMY, Fanout.ALONE);
        Plan inFour = plan(recipe, ROOMY, wish(1, 4));
        Plan inFourAndSlices = plan(recipe, ROOMY, new Fanout(1, 4, 0));

        assertThat(inFour.needs().scratchBytes() - alone.needs().scratchBytes()).isEqualTo(3 * stream);
        assertThat(inFourAndSlices.needs().scratchBytes() - alone.needs().scratchBytes())
                .as("a position after every block but the last")
                .isEqualTo(31 * stream);
        long least = inFour.needs().scratchBytes();
        assertThat(plan(recipe, ROOMY.withDisk(least), wish(1, 4)).needs().scratchBytes())
                .isEqualTo(least);
        assertThatThrownBy(() -> plan(recipe, ROOMY.withDisk(least - 1), wish(1, 4)))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DISK_BUDGET))
                .hasMessageContaining("scratch: " + least + " bytes predicted (expected: at most " + (least - 1));
    }

    /** A model of a million weights is done before a second worker has loaded it. */
    @Test
    void aSmallModelStaysWhole() {
        Recipe recipe = gptq(4, 32, Propagation.INDEPENDENT);
        Workload workload = new Workload(recipe, 16, 256, 4096);

        assertThat(Planner.plan(TINY, 2_000_000, 2, workload, ROOMY, workers(8)).segments())
                .hasSize(1);
    }

    @Test
    void aGroupThatDoesNotDivideIsRefused() {
        assertThatThrownBy(() -> plan(gptq(4, 96, Propagation.INDEPENDENT), 64 * GIB))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SHAPE_MISMATCH))
                .hasMessageContaining("grid.groupSize: 96");
    }

    private static Plan plan(Recipe recipe, long memory) {
        return plan(recipe, new Budget(memory, 16, CORES), Fanout.ALONE);
    }

    private static Plan plan(Recipe recipe, Budget budget, Fanout fanout) {
        return Planner.plan(LLAMA_8B, SOURCE_BYTES, 2, new Workload(recipe, 128, 2048, 64 * 2048), budget, fanout);
    }

    private static Fanout workers(int workers) {
        return new Fanout(workers, null, Double.POSITIVE_INFINITY);
    }

    private static Fanout wish(int workers, int segments) {
        return new Fanout(workers, segments, Double.POSITIVE_INFINITY);
    }

    private static Recipe gptq(int bits, int groupSize, Propagation propagation) {
        Grid grid = new Grid(bits, groupSize, true, ClipSearch.MSE);
        return new Recipe("gptq", propagation, grid, new Gptq(Order.STATIC, 0.01), true);
    }
}
