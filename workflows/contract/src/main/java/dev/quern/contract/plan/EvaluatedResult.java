package dev.quern.contract.plan;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.report.Report;
import org.jspecify.annotations.Nullable;

/**
 * The finished result that a job evaluates, as inspection found it: a document in the store, and a part of the job's
 * plan.
 *
 * @param location as requests name it, without a slash at its end
 * @param name for people
 * @param stamp of its files, as that of a source in {@link JobPlan}
 * @param digest SHA-256 over its files
 * @param bytes of those files
 * @param weights in its packed linears
 * @param bitsPerWeight of those weights, with scales and zero points
 * @param recipe as its own report says; null where it has none, or one that does not fit its tensors
 * @param calibration from the same report
 * @param original digest of the model that it was made from, from the same report
 */
public record EvaluatedResult(
        String location,
        String name,
        String stamp,
        String digest,
        long bytes,
        long weights,
        double bitsPerWeight,
        @Nullable Recipe recipe,
        Report.@Nullable Calibration calibration,
        @Nullable String original) {}
