package dev.quern.engine.plan;

import dev.quern.engine.artifact.StatisticsArtifact;
import dev.quern.engine.backend.DType;
import dev.quern.engine.calibration.GradientWalk;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.evaluation.heldout.LinearProbe;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.plan.Plan.Linear;
import dev.quern.engine.plan.Plan.Use;
import dev.quern.engine.statistics.Sides;
import dev.quern.engine.statistics.SketchPlan;
import dev.quern.engine.statistics.StatisticsCost;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
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
        List<Packed> packed = IntStream.range(0, recipes.size())
                .mapToObj(output ->
                        Packed.of(recipes.get(output), workload.formats().get(output), architecture, storedBytes))
                .toList();
        List<Plan.Output> outputs = packed.stream()
                .map(each -> each.output(sourceBytes, storedBytes))
                .toList();
        long largest = packed.stream().mapToLong(Packed::denseBytes).max().orElseThrow();
        int passes = passes(memory, recipe, statistics);
        TimeModel time = new TimeModel(architecture, workload, budget, passes, storedBytes);
        Sharing sharing = Sharing.of(architecture, recipe, tiling, fanout, time);
        SketchPlan sketches = SketchPlan.of(recipes, tiling).orElse(null);
        Plan.Gradients gradients = sketches == null ? null : gradients(architecture, sketches, memory, budget);
        Schedule schedule =
                Schedule.of(architecture.blocks().size(), tiling, recipe, gradients, budget, fanout, time.block());
        long scratch = scratchBytes(architecture, workload, tiling, schedule, sharing, largest);
        if (sketches != null && gradients != null) {
            scratch = sketchBytes(architecture, sketches)
                    + Math.max(scratch, walkingBytes(architecture, tiling, gradients));
        }
        requireDisk(scratch, budget);
        return new Plan(
                tiling,
                schedule.segments(),
                schedule.traceRuns(),
                gradients,
                sharing,
                linears(architecture, recipe),
                new Plan.Needs(
                        packed.getFirst().weights(),
                        statistics,
                        Math.max(
                                memory.most(MemoryModel.Moment::together) + statistics,
                                sketches == null || gradients == null
                                        ? 0
                                        : memory.walkingBack(sketches.spec()).together() + gradients.sumsBytes()),
                        scratch),
                outputs,
                recipes,
                compressed(architecture, recipe),
                time.block(),
                time.secondsPerStage(sourceBytes, schedule, sharing, sketches, fanout.workers()));
    }

    /**
     * A segment of a walk has the states of all its blocks in scratch, and the store has those before each segment:
     * both are least with as many segments as each has blocks.
     */
    private static Plan.Gradients gradients(
            Architecture architecture, SketchPlan sketches, MemoryModel memory, Budget budget) {
        int blocks = architecture.blocks().size();
        List<Slice> segments = Slice.split(blocks, (int) Math.max(1, Math.round(Math.sqrt(blocks))));
        List<Long> sums = memory.sums(sketches.spec());
        MemoryModel.Moment moment = memory.walkingBack(sketches.spec());
        long device = budget.memory().hostBytes() == null ? moment.together() : moment.device();
        List<List<String>> linears = architecture.blocks().stream()
                .map(block ->
                        block.program().linears().stream().map(LinearSpec::name).toList())
                .toList();
        return new Plan.Gradients(sketches.runs(), segments, linears, left(sums, device, moment.host(), budget));
    }

    /** What the store holds of all runs, while gradients are walked and while blocks are compressed. */
    private static long sketchBytes(Architecture architecture, SketchPlan sketches) {
        long run = architecture.blocks().stream()
                .flatMap(block -> block.program().linears().stream())
                .mapToLong(linear -> StatisticsArtifact.bytes(linear.rows())
                        + (sketches.spec().sides() == Sides.OUTER ? 0 : StatisticsArtifact.bytes(linear.cols())))
                .sum();
        return sketches.runs().size() * run;
    }

    /** The states of a segment with the gradient of the longest run, and in the store the states before segments. */
    private static long walkingBytes(Architecture architecture, Tiling tiling, Plan.Gradients gradients) {
        long walking = 0;
        for (TileRun run : gradients.runs()) {
            long tokens = (long) run.tiles() * tiling.tokensPerTile();
            for (Slice segment : gradients.segments()) {
                walking =
                        Math.max(walking, GradientWalk.scratchBytes(segment, architecture.hidden(), tokens, DType.F32));
            }
        }
        long streams = (gradients.segments().size() - 1) * tiling.tokens() * architecture.hidden() * Short.BYTES;
        return walking + streams;
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
                null,
                List.of(),
                new Plan.Needs(0, 0, memory.most(MemoryModel.Moment::together), scratch),
                List.of(),
                List.of(),
                Collections.nCopies(architecture.blocks().size(), List.of()),
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
     * @param denseBytes of those linears while they are committed, with a code for every weight
     */
    private record Packed(String recipe, long weights, long bytes, long denseBytes) {
        private static final OutputFormat DENSE = OutputFormats.of(Formats.COMPRESSED_TENSORS);

        static Packed of(Recipe recipe, String name, Architecture architecture, int storedBytes) {
            OutputFormat format = OutputFormats.of(name);
            StoredType scales = storedBytes == StoredType.F32.dtype().bytes() ? StoredType.F32 : StoredType.BF16;
            long weights = 0;
            long bytes = 0;
            long dense = 0;
            for (Linear linear : linears(architecture, recipe)) {
                int rows = linear.rows();
                int cols = linear.cols();
                long kept = recipe.mask() == null
                        ? linear.weights()
                        : rows * recipe.mask().keptOfRow(cols);
                for (Use use : linear.uses()) {
                    weights += use.times() * linear.weights();
                    bytes += use.times() * format.bytes(rows, cols, use.grid(), scales, kept);
                    dense += use.times() * DENSE.bytes(rows, cols, use.grid(), scales, kept);
                }
            }
            return new Packed(recipe.name(), weights, bytes, dense);
        }

        Plan.Output output(long sourceBytes, int storedBytes) {
            return new Plan.Output(recipe, sourceBytes - weights * storedBytes + bytes, 8.0 * bytes / weights);
        }
    }

    /** What the budget leaves for statistics: at least those of the largest unit, at most those of a whole block. */
    private static long statisticsBytes(MemoryModel memory, Budget budget) {
        boolean together = budget.memory().hostBytes() == null;
        return left(
                memory.statistics(),
                memory.most(together ? MemoryModel.Moment::together : MemoryModel.Moment::device),
                memory.most(MemoryModel.Moment::host),
                budget);
    }

    /**
     * What a budget leaves for sums.
     *
     * @param sums bytes of each
     * @param device bytes that are held beside them; in one pot, those of the process too
     */
    private static long left(List<Long> sums, long device, long host, Budget budget) {
        long largest = sums.stream().mapToLong(Long::longValue).max().orElse(0);
        long all = sums.stream().mapToLong(Long::longValue).sum();
        requireMemory("memory", device + largest, budget.memory().deviceBytes());
        Long hostBytes = budget.memory().hostBytes();
        if (hostBytes != null) {
            requireMemory("memory of the host", host, hostBytes);
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

    /** Hidden states of the original and of each model that is compared with it, and inputs of one block's linears. */
    private static long evaluationBytes(Architecture architecture, Workload workload) {
        int models = 1 + Math.max(1, workload.recipes().size());
        long windows = Math.ceilDiv(workload.evaluationTokens(), workload.seqLen());
        long inputs = architecture.programs().stream()
                .mapToLong(program -> LinearProbe.scratchBytes(program, windows, workload.seqLen(), Float.BYTES))
                .max()
                .orElse(0);
        return models * workload.evaluationTokens() * architecture.hidden() * Float.BYTES + inputs;
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
