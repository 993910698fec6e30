package dev.quern.engine.plan;

import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.compress.Rounders;
import dev.quern.engine.evaluation.heldout.LinearProbe;
import dev.quern.engine.mask.Pruner;
import dev.quern.engine.method.Rounder;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WorkUnit;
import dev.quern.engine.statistics.SketchPlan;
import dev.quern.engine.statistics.StatisticsCost;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.job.Stage;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Rough seconds of each stage, from counted operations and the speed of the device; good to a factor of two. Where that
 * was not measured, no stage has a time, and a block counts as done at once: nothing is cut for the sake of time.
 *
 * @param passes over the tiles of each block
 * @param storedBytes of one weight in the checkpoint
 */
record TimeModel(Architecture architecture, Workload workload, Budget budget, int passes, int storedBytes) {
    /** A disk or a store: hashing and scanning read the source once each, beside each other. */
    private static final double READ_BYTES_PER_SECOND = 1e9;
    /** Packing and reading back. */
    private static final double WRITE_BYTES_PER_SECOND = 5e8;
    /** Factorisation and sweep run in float64 or in narrow panels. */
    private static final double SOLVE_SHARE = 0.4;

    /** All workers together, as the schedule lets them. */
    Map<String, Double> secondsPerStage(
            long sourceBytes,
            Schedule schedule,
            @Nullable Sharing sharing,
            @Nullable SketchPlan sketches,
            int workers) {
        if (budget.speed() == null) {
            return Map.of();
        }
        int tracing = Math.clamp(schedule.traceRuns().size(), 1, workers);
        int compressing = Math.min(schedule.segments().size(), workers);
        double perBlock = sharing == null ? block() : sharedBlock(sharing, workers);
        return Map.of(
                Stage.INSPECT.word(), sourceBytes / READ_BYTES_PER_SECOND,
                Stage.TRACE.word(), trace(schedule) / tracing,
                Stage.GRADIENT.word(), sketches == null ? 0.0 : gradients(sketches, workers),
                Stage.COMPRESS.word(), architecture.blocks().size() * perBlock / compressing,
                Stage.ASSEMBLE.word(), outputs() * sourceBytes / WRITE_BYTES_PER_SECOND,
                Stage.VERIFY.word(), outputs() * sourceBytes / WRITE_BYTES_PER_SECOND,
                Stage.EVALUATE.word(), evaluate() / workers);
    }

    /** Seconds of each stage of an evaluation: the finished result is read as the source is. */
    Map<String, Double> secondsOfEvaluation(long sourceBytes, int workers) {
        if (budget.speed() == null) {
            return Map.of();
        }
        return Map.of(
                Stage.INSPECT.word(),
                2 * sourceBytes / READ_BYTES_PER_SECOND,
                Stage.EVALUATE.word(),
                evaluate() / workers);
    }

    /** Compressing one block on one worker. */
    double block() {
        return loading() + computing(streaming() + solve() / SOLVE_SHARE);
    }

    /**
     * Compressing one block on workers that share it: each loads it and its predecessor, and the sums go through the
     * store.
     */
    double sharedBlock(Sharing sharing, int workers) {
        double summing = streaming() / Math.min(sharing.runs(), workers);
        double solving = solve() / SOLVE_SHARE / Math.min(sharing.units(), workers);
        double moving = 2 * sharing.bytes(architecture, StatisticsCost.of(workload.recipes())) / READ_BYTES_PER_SECOND;
        return 3 * loading() + computing(summing + solving) + moving / Math.min(sharing.runs(), workers);
    }

    private double computing(double operations) {
        DeviceSpeed speed = budget.speed();
        return speed == null ? 0 : operations / speed.flopsPerSecond();
    }

    private double streaming() {
        return passes == 0 ? 0 : passes * tokens() * forward() + tokens() * statistics();
    }

    /** All runs one after the other: each loads the weights once. */
    private double trace(Schedule schedule) {
        double block = schedule.traceRuns().size() * loading() + computing(tokens() * forward());
        return schedule.tracedBlocks() * block;
    }

    /**
     * All runs side by side, as far as there are workers: the states of each block, then in each pass all of its values
     * again, and back through it with two products for each linear's one; the head costs as much at the start.
     */
    private double gradients(SketchPlan sketches, int workers) {
        double blocks = architecture.blocks().size();
        double sums = perBlock(block -> block.program().linears().stream()
                .mapToDouble(linear -> sketches.spec().operations(linear, workload.seqLen()))
                .sum());
        double head = 3 * 2.0 * architecture.vocabulary() * architecture.hidden();
        int passes = sketches.spec().passes();
        double operations =
                blocks * ((1 + 3 * passes) * tokens() * forward() + workload.windows() * sums) + tokens() * head;
        int runs = sketches.runs().size();
        return (runs * blocks * (1 + passes) * loading() + computing(operations)) / Math.min(runs, workers);
    }

    private double evaluate() {
        double head = 2.0 * architecture.vocabulary() * architecture.hidden();
        double models = Math.max(1, outputs());
        double perToken = (1 + models) * (architecture.blocks().size() * forward() + head)
                + models * architecture.blocks().size() * perBlock(this::probing);
        return computing(workload.evaluationTokens() * perToken);
    }

    /** Measuring the linears of a block, for each token of the text. */
    private double probing(Block block) {
        return block.program().linears().stream()
                .mapToDouble(linear -> LinearProbe.operations(linear, workload.seqLen()))
                .sum();
    }

    /** Taking in the weights of a block. */
    private double loading() {
        DeviceSpeed speed = budget.speed();
        return speed == null ? 0 : weights() * storedBytes / speed.bytesPerSecond();
    }

    private double tokens() {
        return (double) workload.windows() * workload.seqLen();
    }

    /** Operations of one token in one block: products, and attention over half a window. */
    private double forward() {
        return 2 * weights() + 2.0 * workload.seqLen() * architecture.hidden();
    }

    private double weights() {
        return perBlock(block -> block.program().linears().stream()
                .mapToDouble(linear -> (double) linear.rows() * linear.cols())
                .sum());
    }

    private double statistics() {
        StatisticsCost cost = StatisticsCost.of(workload.recipes());
        return perBlock(block ->
                block.program().units().stream().mapToDouble(cost::operations).sum());
    }

    /** The mean over the blocks. */
    private double perBlock(ToDoubleFunction<Block> figure) {
        return architecture.blocks().stream().mapToDouble(figure).average().orElse(0);
    }

    private double outputs() {
        return workload.recipes().size();
    }

    private double solve() {
        return workload.recipes().stream()
                .mapToDouble(recipe -> perBlock(block -> solve(recipe, block)))
                .sum();
    }

    private static double solve(Recipe recipe, Block block) {
        double operations = 0;
        for (WorkUnit unit : block.program().units()) {
            Set<Recipe.Rounding> roundings = new HashSet<>();
            operations += recipe.mask() == null ? 0 : Pruner.unitOperations(unit.cols());
            for (LinearSpec linear : unit.linears()) {
                Recipe.Rounding rounding = recipe.of(block.id(linear).module())
                        .map(Recipe.Treatment::rounding)
                        .orElse(null);
                if (rounding != null) {
                    Rounder rounder = Rounders.of(rounding);
                    operations += rounder.operations(linear.rows(), linear.cols());
                    operations += roundings.add(rounding) ? rounder.unitOperations(unit.cols()) : 0;
                    operations +=
                            recipe.mask() == null ? 0 : Pruner.operations(recipe.mask(), linear.rows(), linear.cols());
                }
            }
        }
        return operations;
    }
}
