package dev.quern.contract.plan;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What inspection found; the texts are in the store as token windows.
 *
 * @param modelDigest SHA-256 over the checkpoint's files
 * @param sourceStamp of the files when they were read
 * @param calibration key of the token windows; null for an evaluation
 * @param evaluations keys of the token windows, one per file
 * @param result key of the {@link EvaluatedResult}; null for a compression
 * @param workerClass of the workers that may take the job; null is any
 */
public record Inspection(
        String modelDigest,
        String sourceStamp,
        @Nullable String calibration,
        List<String> evaluations,
        @Nullable String result,
        @Nullable String workerClass) {
    public Inspection {
        evaluations = List.copyOf(evaluations);
    }
}
