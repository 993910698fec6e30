/**
 * Draws reports: the page, its charts and tables, and the model card. The page of a job and the self-contained report
 * share it.
 */
@NullMarked
package dev.quern.recipes.drawing;

import org.jspecify.annotations.NullMarked;
