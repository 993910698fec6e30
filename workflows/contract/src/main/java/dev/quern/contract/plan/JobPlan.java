package dev.quern.contract.plan;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.Default;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All that decides the bits of a job, and the figures of its plan: a document in the store, named by its digest.
 *
 * @param source folder of the checkpoint
 * @param recipe of the first output; null for an evaluation, as are the calibration and its digest
 * @param result that is evaluated; null for a compression
 * @param sourceStamp of its files, which says in no time whether they have changed
 * @param calibration key of the token windows
 * @param calibrationDigest of the token windows
 * @param evaluations keys of the token windows, one per file
 * @param windowsPerTile every numeric call sees so many windows, or fewer at the end
 * @param tilesInFlight what {@code statisticsBytes} are for; a slice with half of them takes half the memory
 * @param sharedUnits work units of a block that workers share; 0 where no block is shared
 * @param sliceSeconds a compute activity hands over after so long; 0 is after every block
 * @param secondsPerBlock predicted; a step that takes ten times as long is given to another worker
 * @param outputBytes of the first output
 * @param bitsPerWeight of the first output
 * @param further the outputs after the first: all are made in one walk
 */
public record JobPlan(
        String source,
        String sourceStamp,
        @Nullable Recipe recipe,
        @Nullable EvaluatedResult result,
        String modelDigest,
        @Nullable String calibration,
        @Nullable String calibrationDigest,
        List<String> evaluations,
        int windowsPerTile,
        int tokensPerTile,
        int tilesInFlight,
        int segments,
        int blocks,
        @Default("0") int sharedUnits,
        String profile,
        String backend,
        double sliceSeconds,
        double secondsPerBlock,
        long statisticsBytes,
        long peakBytes,
        long scratchBytes,
        long outputBytes,
        long weightsCompressed,
        double bitsPerWeight,
        List<Further> further) {
    public JobPlan {
        evaluations = List.copyOf(evaluations);
        further = List.copyOf(further);
    }

    /** An output after the first. */
    public record Further(Recipe recipe, long outputBytes, double bitsPerWeight) {}

    /**
     * Key of the token windows of a compression.
     *
     * @throws IllegalStateException for an evaluation
     */
    public String calibrationWindows() {
        if (calibration == null) {
            throw new IllegalStateException("calibration: none (expected: the plan of a compression)");
        }
        return calibration;
    }

    /** The recipes of all outputs that are compressed, in order; none for an evaluation. */
    public List<Recipe> recipes() {
        return Stream.concat(Stream.ofNullable(recipe), further.stream().map(Further::recipe))
                .toList();
    }

    /** Predicted bytes of an output's tensors. */
    public long outputBytes(int output) {
        return output == 0 ? outputBytes : further.get(output - 1).outputBytes();
    }
}
