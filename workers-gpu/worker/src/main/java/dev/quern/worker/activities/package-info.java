/** The activities that a worker runs, and how they report progress. */
@NullMarked
package dev.quern.worker.activities;

import org.jspecify.annotations.NullMarked;
