package dev.quern.control.reading.message;

import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.report.Report;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What inspection found of a finished result and its original.
 *
 * @param source files of the original
 * @param result files of the result
 * @param evaluations names of the files with the token windows, one per text, in the folder that was named
 * @param weights in packed linears
 * @param bitsPerWeight of those weights
 * @param recipe as the result's own report says; null where there is none, or one that does not fit the tensors
 * @param calibration from the same report
 * @param original digest of the model that it was made from, from the same report
 * @param manifest of the result, with those of its files that loaders read; null where it has none
 */
public record InspectedResult(
        ModelFiles source,
        ModelFiles result,
        List<String> evaluations,
        long weights,
        double bitsPerWeight,
        @Nullable Recipe recipe,
        Report.@Nullable Calibration calibration,
        @Nullable String original,
        @Nullable Manifest manifest) {
    public InspectedResult {
        evaluations = List.copyOf(evaluations);
    }
}
