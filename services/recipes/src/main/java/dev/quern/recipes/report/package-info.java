/** The quality report of a job as records, and the figures that are derived from it. */
@NullMarked
package dev.quern.recipes.report;

import org.jspecify.annotations.NullMarked;
