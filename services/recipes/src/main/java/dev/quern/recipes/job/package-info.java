/** What a job makes, and how it stands, in the words that rows, workflows, the REST API, pages and commands share. */
@NullMarked
package dev.quern.recipes.job;

import org.jspecify.annotations.NullMarked;
