/** The quality report of a job as records, and its drawing as HTML: the job page and the self-contained report share it. */
@NullMarked
package dev.quern.recipes.report;

import org.jspecify.annotations.NullMarked;
