package dev.quern.contract;

import dev.quern.recipes.Recipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that decides the bits of a job, and the figures of its plan: a document in the store, named by its digest.
 *
 * @param source folder of the checkpoint
 * @param calibration key of the token windows; null where the recipe needs none
 * @param calibrationDigest of the token windows; empty where there are none
 * @param evaluations keys of the token windows, one per file
 * @param windowsPerTile every numeric call sees so many windows, or fewer at the end
 * @param sliceSeconds a compute activity hands over after so long; 0 is after every block
 * @param secondsPerBlock predicted; a step that takes ten times as long is given to another worker
 */
public record JobPlan(
        String source,
        Recipe recipe,
        String modelDigest,
        @Nullable String calibration,
        String calibrationDigest,
        List<String> evaluations,
        int windowsPerTile,
        int tokensPerTile,
        int tilesInFlight,
        int segments,
        String profile,
        String backend,
        double sliceSeconds,
        double secondsPerBlock,
        long peakBytes,
        long scratchBytes,
        long outputBytes) {
    public JobPlan {
        evaluations = List.copyOf(evaluations);
    }
}
