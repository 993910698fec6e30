package dev.quern.api.pages;

import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.report.Report;
import org.jspecify.annotations.Nullable;

/**
 * An output of a job on its page.
 *
 * @param recipe null for an evaluation
 * @param report null before its gate
 * @param manifest null where it is not there
 */
record JobResult(
        @Nullable Recipe recipe,
        @Nullable Report report,
        @Nullable Manifest manifest) {
    /** As its report names it; null is compressed-tensors. */
    @Nullable
    String format() {
        return report == null ? null : report.model().format();
    }

    /**
     * The recipe of a compression.
     *
     * @throws IllegalStateException for an evaluation
     */
    Recipe knownRecipe() {
        if (recipe == null) {
            throw new IllegalStateException("recipe: none (expected: an output of a compression)");
        }
        return recipe;
    }
}
