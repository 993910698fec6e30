package dev.quern.api.pages;

import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.report.Report;
import org.jspecify.annotations.Nullable;

/**
 * An output of a job on its page.
 *
 * @param report null before its gate
 * @param manifest null where it is not there
 */
record JobResult(
        Recipe recipe, @Nullable Report report, @Nullable Manifest manifest) {}
