package dev.quern.contract;

import java.util.List;

/**
 * What inspection found; the texts are in the store as token windows.
 *
 * @param modelDigest SHA-256 over the checkpoint's files
 * @param sourceStamp of the files when they were read
 * @param calibration key of the token windows
 * @param evaluations keys of the token windows, one per file
 * @param workerClass of the workers that may take the job
 */
public record Inspection(
        String modelDigest, String sourceStamp, String calibration, List<String> evaluations, String workerClass) {
    public Inspection {
        evaluations = List.copyOf(evaluations);
    }
}
