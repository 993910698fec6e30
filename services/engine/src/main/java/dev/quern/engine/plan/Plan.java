package dev.quern.engine.plan;

import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.Flat;
import dev.quern.recipes.view.Estimate;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a model will be compressed and what it will take.
 *
 * @param tiling part of what decides the bits
 * @param segments runs of blocks that can be walked side by side; none where a finished result is evaluated
 * @param traceRuns runs of tiles that are taken through the original model before; empty where no segment waits for
 *     that
 * @param gradients that are walked before; null where no recipe needs any
 * @param sharing of each block by several workers; null where one makes it
 * @param linears of the blocks, each shape of a name once. None where a finished result is evaluated
 * @param outputs one for each recipe; none where a finished result is evaluated
 * @param recipes as they are for this model, in the same order
 * @param compressed the linears that the first recipe compresses, by block, in program order and named inside the
 *     block; none of any block where a finished result is evaluated
 * @param secondsPerBlock estimated for compressing one block on one worker; 0 where no device was measured
 * @param secondsPerStage estimated for all workers together, by lower-case stage; none where no device was measured
 */
public record Plan(
        Tiling tiling,
        List<Slice> segments,
        List<TileRun> traceRuns,
        @Nullable Gradients gradients,
        @Nullable Sharing sharing,
        List<Linear> linears,
        @Flat Needs needs,
        List<Output> outputs,
        List<Recipe> recipes,
        List<List<String>> compressed,
        double secondsPerBlock,
        Map<String, Double> secondsPerStage) {

    /**
     * What the work needs, predicted.
     *
     * @param weightsCompressed weights of all linears of all blocks that the first recipe compresses
     * @param statisticsBytes memory for statistics that are held at once
     * @param peakBytes of a worker, on its device and in its process together
     * @param scratchBytes on the disk of a worker that has the artifacts on it too: streams at segment starts included
     */
    public record Needs(long weightsCompressed, long statisticsBytes, long peakBytes, long scratchBytes) {}

    /**
     * How gradients are walked: each run of tiles on its own, through the segments from the last to the first.
     *
     * @param runs of tiles, side by side
     * @param segments of blocks whose states are in scratch at the same time
     * @param linears that have sums, by block, named inside the block
     * @param sumsBytes memory for the sums of gradients that are held at once
     */
    public record Gradients(List<TileRun> runs, List<Slice> segments, List<List<String>> linears, long sumsBytes) {
        public Gradients {
            runs = List.copyOf(runs);
            linears = linears.stream().map(List::copyOf).toList();
            segments = List.copyOf(segments);
        }
    }

    /**
     * A linear of every block that has one of this shape.
     *
     * @param name inside the block, as in {@code self_attn.q_proj}
     * @param uses by the first recipe; none where it keeps the weights in every block
     */
    public record Linear(String name, int rows, int cols, List<Use> uses) {
        public Linear {
            uses = List.copyOf(uses);
        }

        long weights() {
            return (long) rows * cols;
        }
    }

    /**
     * A grid that a linear is put on.
     *
     * @param times in how many blocks
     */
    public record Use(IntegerShape grid, int times) {}

    /**
     * A result, by its recipe.
     *
     * @param recipe its name
     * @param bytes of its tensors
     * @param bitsPerWeight of the weights that are compressed, with scales and zero points
     */
    public record Output(String recipe, long bytes, double bitsPerWeight) {}

    public Plan {
        outputs = List.copyOf(outputs);
        recipes = List.copyOf(recipes);
        compressed = compressed.stream().map(List::copyOf).toList();
        segments = List.copyOf(segments);
        traceRuns = List.copyOf(traceRuns);
        linears = List.copyOf(linears);
        secondsPerStage = Map.copyOf(secondsPerStage);
    }

    /** How many blocks the model has. */
    public int blocks() {
        return compressed.size();
    }

    /** The blocks before which streams are stored, for segments that start there; rising, none of them 0. */
    public List<Integer> streamStarts() {
        Stream<Slice> backwards = gradients == null ? Stream.empty() : gradients.segments().stream();
        return Stream.concat(segments.stream(), backwards)
                .map(Slice::first)
                .filter(start -> start > 0)
                .distinct()
                .sorted()
                .toList();
    }

    /** The part that users see. */
    public Estimate estimate(long sourceBytes, Budget budget, Fanout fanout) {
        return new Estimate(
                new Estimate.Work(
                        fanout.workers(),
                        budget.threads(),
                        segments.size(),
                        traceRuns.size(),
                        gradients == null ? 0 : gradients.runs().size(),
                        tiling.tokensPerTile()),
                new Estimate.Sizes(
                        needs.weightsCompressed(),
                        bitsPerWeight(),
                        sourceBytes,
                        outputBytes(),
                        needs.peakBytes(),
                        needs.scratchBytes()),
                budget.speed() != null,
                seconds(),
                secondsPerStage,
                outputs.stream()
                        .map(output -> new Estimate.Output(output.recipe(), output.bytes(), output.bitsPerWeight()))
                        .toList());
    }

    /** Bytes of the tensors of all results. */
    public long outputBytes() {
        return outputs.stream().mapToLong(Output::bytes).sum();
    }

    /** Bits per weight of the first result; 0 where nothing is compressed. */
    public double bitsPerWeight() {
        return outputs.isEmpty() ? 0 : outputs.getFirst().bitsPerWeight();
    }

    /** Seconds of all stages together; summed by size, for the order of a map differs from process to process. */
    public double seconds() {
        return secondsPerStage.values().stream()
                .mapToDouble(Double::doubleValue)
                .sorted()
                .sum();
    }
}
