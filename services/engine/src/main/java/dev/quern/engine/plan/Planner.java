package dev.quern.engine.plan;

import dev.quern.engine.calibration.Tiling;
import dev.quern.engine.method.LinearCompressor;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.plan.Plan.Linear;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.Recipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Plans a compression from what the headers say; reads no weight and no text, so it answers at once. */
public final class Planner {
    private Planner() {}

    /**
     * @param sourceBytes of the checkpoint's tensors
     * @param storedBytes of one stored weight: 2 for bf16 and f16, 4 for f32
     * @param fanout decides segments and trace runs, which change no bit
     * @throws QuernException SHAPE_MISMATCH when the recipe does not fit a linear; MEMORY_BUDGET or DISK_BUDGET with the bytes
     *     predicted when the model cannot be compressed within the budget
     */
    public static Plan plan(
            Architecture architecture,
            long sourceBytes,
            int storedBytes,
            Workload workload,
            Budget budget,
            Fanout fanout) {
        Recipe recipe = workload.recipe();
        List<Linear> linears = linears(architecture, workload.recipes());
        Tiling tiling = Tiling.of(workload.windows(), workload.seqLen());
        MemoryModel memory =
                new MemoryModel(architecture, recipe, workload.recipes().size(), tiling, budget.threads());
        long statistics = statisticsBytes(memory, budget);
        long weights = linears.stream().mapToLong(Linear::weights).sum() * architecture.blocks();
        long kept = sourceBytes - weights * storedBytes;
        List<Plan.Output> outputs = workload.recipes().stream()
                .map(each -> output(each, linears, architecture.blocks(), kept))
                .toList();
        long largest = outputs.stream().mapToLong(Plan.Output::bytes).max().orElseThrow();
        int passes = passes(memory, recipe, statistics);
        TimeModel time = new TimeModel(architecture, workload, budget, passes, storedBytes);
        Sharing sharing = Sharing.of(architecture, recipe, tiling, fanout, time);
        Schedule schedule = Schedule.of(architecture.blocks(), tiling, recipe, budget, fanout, time.block());
        long scratch = scratchBytes(architecture, workload, tiling, schedule, sharing, largest - kept);
        requireDisk(scratch, budget);
        return new Plan(
                tiling,
                schedule.segments(),
                schedule.traceRuns(),
                sharing,
                architecture.blocks(),
                linears,
                weights,
                statistics,
                memory.withoutStatistics() + statistics,
                scratch,
                outputs,
                time.block(),
                time.secondsPerStage(sourceBytes, schedule, sharing, fanout.workers()));
    }

    private static List<Linear> linears(Architecture architecture, List<Recipe> recipes) {
        return architecture.program().linears().stream()
                .peek(linear ->
                        recipes.forEach(recipe -> LinearCompressor.requireFit(recipe, linear.name(), linear.cols())))
                .map(linear -> new Linear(linear.name(), linear.rows(), linear.cols()))
                .toList();
    }

    /** What the budget leaves for statistics: at least those of the largest unit, at most those of a whole block. */
    private static long statisticsBytes(MemoryModel memory, Budget budget) {
        long largest =
                memory.statistics().stream().mapToLong(Long::longValue).max().orElse(0);
        long all = memory.statistics().stream().mapToLong(Long::longValue).sum();
        long free = budget.memoryBytes() - memory.withoutStatistics();
        if (free < largest) {
            long needed = memory.withoutStatistics() + largest;
            throw new QuernException(
                    ErrorCode.MEMORY_BUDGET,
                    "memory: " + needed + " bytes predicted (expected: at most " + budget.memoryBytes()
                            + ", what this machine can give; fewer tokens in a window take less)");
        }
        return Math.min(free, all);
    }

    /** Passes over the tiles of each block; the same partition as the walk makes. */
    private static int passes(MemoryModel memory, Recipe recipe, long statisticsBytes) {
        if (!recipe.needsCalibration()) {
            return 0;
        }
        int passes = 0;
        long free = -1;
        for (long bytes : memory.statistics()) {
            if (bytes > free) {
                passes++;
                free = statisticsBytes;
            }
            free -= bytes;
        }
        return recipe.propagation() == Recipe.Propagation.SEQUENTIAL ? passes + 1 : passes;
    }

    private static Plan.Output output(Recipe recipe, List<Linear> linears, int blocks, long keptBytes) {
        long compressed = blocks
                * linears.stream()
                        .mapToLong(linear -> compressedBytes(linear, recipe))
                        .sum();
        long weights = blocks * linears.stream().mapToLong(Linear::weights).sum();
        return new Plan.Output(recipe.name(), keptBytes + compressed, 8.0 * compressed / weights);
    }

    /** As compressed-tensors stores a linear: packed codes, 2-byte scales, the shape, packed zero points where they differ. */
    private static long compressedBytes(Linear linear, Recipe recipe) {
        int bits = recipe.grid().bits();
        long groups = recipe.grid().groups(linear.cols());
        long codes = linear.rows() * Math.ceilDiv((long) linear.cols() * bits, 32) * Integer.BYTES;
        long scales = linear.rows() * groups * Short.BYTES;
        long zeros = recipe.grid().symmetric() ? 0 : Math.ceilDiv((long) linear.rows() * bits, 32) * groups * 4;
        return codes + scales + zeros + 2 * Long.BYTES;
    }

    /**
     * The larger of two moments, a stream with its copy on the way to the store and a block on its way, or the hidden states of an
     * evaluation; and what the store keeps: streams until the job ends, of shared blocks those at two boundaries with the sums and the
     * parts of one block.
     *
     * @param compressed all blocks of the largest output: they are committed one after the other
     */
    private static long scratchBytes(
            Architecture architecture,
            Workload workload,
            Tiling tiling,
            Schedule schedule,
            @Nullable Sharing sharing,
            long compressed) {
        long stream = workload.recipe().needsCalibration() ? tiling.tokens() * architecture.hidden() * Short.BYTES : 0;
        long block = compressed / architecture.blocks();
        long stored = sharing == null
                ? schedule.storedPositions() * stream
                : 2 * stream + sharing.bytes(architecture) + block;
        long evaluation =
                (1L + workload.recipes().size()) * workload.evaluationTokens() * architecture.hidden() * Float.BYTES;
        return stored + Math.max(2 * stream + block, evaluation);
    }

    private static void requireDisk(long needed, Budget budget) {
        if (needed > budget.diskBytes()) {
            throw new QuernException(
                    ErrorCode.DISK_BUDGET,
                    "scratch: " + needed + " bytes predicted (expected: at most " + budget.diskBytes()
                            + ", what this disk can give; fewer windows or fewer segments take less)");
        }
    }
}
