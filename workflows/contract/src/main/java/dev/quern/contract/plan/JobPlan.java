package dev.quern.contract.plan;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.CompletedBy;
import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Flat;
import dev.quern.recipes.codec.Named;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that decides the bits of a job, and the figures of its plan: a document in the store, named by its digest.
 *
 * @param result that is evaluated; null for a compression
 * @param gradients null where no recipe needs any
 * @param outputs that are compressed, in one walk; none for an evaluation
 */
@CompletedBy(PlanForm.class)
public record JobPlan(
        @Flat Model model,
        @Nullable EvaluatedResult result,
        @Flat Texts texts,
        @Flat Tiles tiles,
        @Flat Work work,
        @Flat Numerics numerics,
        @Flat Prediction prediction,
        @Nullable Gradients gradients,
        List<Output> outputs) {
    public JobPlan {
        outputs = List.copyOf(outputs);
    }

    /**
     * The original model.
     *
     * @param source folder of the checkpoint
     * @param stamp of its files, which says in no time whether they have changed
     * @param digest of the model
     */
    public record Model(
            String source,
            @Named("sourceStamp") String stamp,
            @Named("modelDigest") String digest) {}

    /**
     * Token windows.
     *
     * @param calibration key of those of a compression; null for an evaluation, as is the next
     * @param calibrationDigest of those
     * @param evaluations keys, one per file
     */
    public record Texts(
            @Nullable String calibration, @Nullable String calibrationDigest, List<String> evaluations) {
        public Texts {
            evaluations = List.copyOf(evaluations);
        }
    }

    /**
     * How texts are cut.
     *
     * @param windowsPerTile every numeric call sees so many windows, or fewer at the end
     * @param tilesInFlight what {@code statisticsBytes} are for; a slice with half of them takes half the memory
     */
    public record Tiles(int windowsPerTile, int tokensPerTile, int tilesInFlight) {}

    /**
     * How blocks are given to workers.
     *
     * @param sharedUnits work units of a block that workers share; 0 where no block is shared
     * @param sliceSeconds a compute activity hands over after so long; 0 is after every block
     * @param secondsPerBlock predicted; a step that takes ten times as long is given to another worker
     */
    public record Work(
            int segments, int blocks, @Default("0") int sharedUnits, double sliceSeconds, double secondsPerBlock) {}

    /**
     * What computes.
     *
     * @param profile workers of one numeric profile make the same bits
     */
    public record Numerics(String profile, String backend) {}

    /**
     * What the job is expected to need.
     *
     * @param statisticsBytes memory for statistics that are held at once
     * @param peakBytes memory of a worker at its fullest moment
     * @param scratchBytes on a worker's disk
     */
    public record Prediction(long statisticsBytes, long peakBytes, long scratchBytes, long weightsCompressed) {}

    /**
     * The gradients of the original model. What they are summed over follows from recipes and tiles.
     *
     * @param windows of the calibration text, so that sums can be named when the text is gone
     * @param linears that have sums, by block, named inside the block
     * @param sumsBytes memory for sums that are held at once
     */
    public record Gradients(int windows, List<List<String>> linears, long sumsBytes) {
        public Gradients {
            linears = linears.stream().map(List::copyOf).toList();
        }
    }

    /**
     * A result of the job.
     *
     * @param outputBytes of its tensors, predicted
     */
    public record Output(Recipe recipe, long outputBytes, double bitsPerWeight) {}

    /**
     * Key of the token windows of a compression.
     *
     * @throws IllegalStateException for an evaluation
     */
    public String calibrationWindows() {
        if (texts.calibration() == null) {
            throw new IllegalStateException("calibration: none (expected: the plan of a compression)");
        }
        return texts.calibration();
    }

    /** The recipes of all outputs, in order; none for an evaluation. */
    public List<Recipe> recipes() {
        return outputs.stream().map(Output::recipe).toList();
    }
}
