package dev.quern.contract;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What inspection found; the texts lie in the store as token windows.
 *
 * @param modelDigest SHA-256 over the checkpoint's files
 * @param calibration key of the token windows; null where the recipe needs none
 * @param evaluations keys of the token windows, one per file
 */
public record Inspection(String modelDigest, @Nullable String calibration, List<String> evaluations) {
    public Inspection {
        evaluations = List.copyOf(evaluations);
    }
}
