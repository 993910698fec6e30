package dev.quern.engine.plan;

import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.plan.Plan.Linear;
import dev.quern.engine.plan.Plan.Use;
import dev.quern.engine.statistics.StatisticsCost;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Plans a compression from what the headers say; reads no weight and no text, so it answers at once. */
public final class Planner {
    private Planner() {}

    /**
     * @param sourceBytes of the checkpoint's tensors
     * @param storedBytes of one stored weight: 2 for bf16 and f16, 4 for f32
     * @param fanout decides segments and trace runs, which change no bit
     * @throws QuernException SHAPE_MISMATCH when the recipe does not fit a linear; MEMORY_BUDGET or DISK_BUDGET with
     *     the bytes predicted when the model cannot be compressed within the budget
     */
    public static Plan plan(
            Architecture architecture,
            long sourceBytes,
            int storedBytes,
            Workload workload,
            Budget budget,
            Fanout fanout) {
        if (workload.onlyEvaluates()) {
            return evaluation(architecture, sourceBytes, storedBytes, workload, budget, fanout.workers());
        }
        List<Recipe> recipes = workload.recipes().stream()
                .map(each -> RecipeFit.resolve(each, architecture))
                .toList();
        Recipe recipe = recipes.getFirst();
        Tiling tiling = Tiling.of(workload.windows(), workload.seqLen());
        MemoryModel memory = new MemoryModel(architecture, recipes, tiling, budget.threads());
        long statistics = statisticsBytes(memory, budget);
        List<Packed> packed = recipes.stream()
                .map(each -> Packed.of(each, architecture, storedBytes))
                .toList();
        List<Plan.Output> outputs = packed.stream()
                .map(each -> each.output(sourceBytes, storedBytes))
                .toList();
        long largest = packed.stream().mapToLong(Packed::bytes).max().orElseThrow();
        int passes = passes(memory, recipe, statistics);
        TimeModel time = new TimeModel(architecture, workload, budget, passes, storedBytes);
        Sharing sharing = Sharing.of(architecture, recipe, tiling, fanout, time);
        Schedule schedule = Schedule.of(architecture.blocks().size(), tiling, recipe, budget, fanout, time.block());
        long scratch = scratchBytes(architecture, workload, tiling, schedule, sharing, largest);
        requireDisk(scratch, budget);
        return new Plan(
                tiling,
                schedule.segments(),
                schedule.traceRuns(),
                sharing,
                architecture.blocks().size(),
                linears(architecture, recipe),
                new Plan.Needs(
                        packed.getFirst().weights(),
                        statistics,
                        memory.most(MemoryModel.Moment::together) + statistics,
                        scratch),
                outputs,
                recipes,
                compressed(architecture, recipe),
                time.block(),
                time.secondsPerStage(sourceBytes, schedule, sharing, fanout.workers()));
    }

    private static Plan evaluation(
            Architecture architecture,
            long sourceBytes,
            int storedBytes,
            Workload workload,
            Budget budget,
            int workers) {
        Tiling tiling = Tiling.of(workload.windows(), workload.seqLen());
        MemoryModel memory = new MemoryModel(architecture, List.of(), tiling, budget.threads());
        // Refuses what does not fit.
        statisticsBytes(memory, budget);
        long scratch = evaluationBytes(architecture, workload);
        requireDisk(scratch, budget);
        TimeModel time = new TimeModel(architecture, workload, budget, 0, storedBytes);
        return new Plan(
                tiling,
                List.of(),
                List.of(),
                null,
                architecture.blocks().size(),
                List.of(),
                new Plan.Needs(0, 0, memory.most(MemoryModel.Moment::together), scratch),
                List.of(),
                List.of(),
                List.of(),
                time.block(),
                time.secondsOfEvaluation(sourceBytes, workers));
    }

    private static List<Linear> linears(Architecture architecture, Recipe recipe) {
        GridMap grids = GridMap.of(recipe, architecture);
        return architecture.linears().stream()
                .map(linear ->
                        new Linear(linear.name(), linear.rows(), linear.cols(), uses(linear, architecture, grids)))
                .toList();
    }

    private static List<Use> uses(LinearSpec linear, Architecture architecture, GridMap grids) {
        Map<IntegerShape, Integer> times = new LinkedHashMap<>();
        RecipeFit.modules(architecture)
                .filter(module -> module.linear().equals(linear))
                .forEach(module -> grids.of(module.id()).ifPresent(grid -> times.merge(grid, 1, Integer::sum)));
        return times.entrySet().stream()
                .map(use -> new Use(use.getKey(), use.getValue()))
                .toList();
    }

    private static List<List<String>> compressed(Architecture architecture, Recipe recipe) {
        return architecture.blocks().stream()
                .map(block -> RecipeFit.compressed(
                                recipe, block, block.program().linears())
                        .stream()
                        .map(LinearSpec::name)
                        .toList())
                .toList();
    }

    /**
     * What a recipe compresses of a model.
     *
     * @param weights of the linears that it compresses
     * @param bytes of those linears in the output
     */
    private record Packed(String recipe, long weights, long bytes) {
        /** The only format so far; the sizes of all tensors come from it. */
        private static final OutputFormat FORMAT = OutputFormats.ALL.getFirst();

        static Packed of(Recipe recipe, Architecture architecture, int storedBytes) {
            StoredType scales = storedBytes == StoredType.F32.dtype().bytes() ? StoredType.F32 : StoredType.BF16;
            long weights = 0;
            long bytes = 0;
            for (Linear linear : linears(architecture, recipe)) {
                for (Use use : linear.uses()) {
                    weights += use.times() * linear.weights();
                    bytes += use.times() * FORMAT.bytes(linear.rows(), linear.cols(), use.grid(), scales);
                }
            }
            return new Packed(recipe.name(), weights, bytes);
        }

        Plan.Output output(long sourceBytes, int storedBytes) {
            return new Plan.Output(recipe, sourceBytes - weights * storedBytes + bytes, 8.0 * bytes / weights);
        }
    }

    /** What the budget leaves for statistics: at least those of the largest unit, at most those of a whole block. */
    private static long statisticsBytes(MemoryModel memory, Budget budget) {
        long largest =
                memory.statistics().stream().mapToLong(Long::longValue).max().orElse(0);
        long all = memory.statistics().stream().mapToLong(Long::longValue).sum();
        Long host = budget.memory().hostBytes();
        long device = memory.most(host == null ? MemoryModel.Moment::together : MemoryModel.Moment::device);
        requireMemory("memory", device + largest, budget.memory().deviceBytes());
        if (host != null) {
            requireMemory("memory of the host", memory.most(MemoryModel.Moment::host), host);
        }
        return Math.min(budget.memory().deviceBytes() - device, all);
    }

    private static void requireMemory(String what, long needed, long most) {
        if (needed > most) {
            throw new QuernException(
                    ErrorCode.MEMORY_BUDGET,
                    what + ": " + needed + " bytes predicted (expected: at most " + most
                            + ", what this machine can give; fewer tokens in a window take less)");
        }
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

    /**
     * The larger of two moments, a stream with its copy on the way to the store and a block on its way, or the hidden
     * states of an evaluation; and what the store keeps: streams until the job ends, of shared blocks those at two
     * boundaries with the sums and the parts of one block.
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
        long block = compressed / architecture.blocks().size();
        long stored = sharing == null
                ? schedule.storedPositions() * stream
                : 2 * stream + sharing.bytes(architecture, StatisticsCost.of(workload.recipes())) + block;
        return stored + Math.max(2 * stream + block, evaluationBytes(architecture, workload));
    }

    /** Hidden states of the original and of each model that is compared with it. */
    private static long evaluationBytes(Architecture architecture, Workload workload) {
        int models = 1 + Math.max(1, workload.recipes().size());
        return models * workload.evaluationTokens() * architecture.hidden() * Float.BYTES;
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
