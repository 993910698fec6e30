/** Answers what a job would take. */
@NullMarked
package dev.quern.control.estimate;

import org.jspecify.annotations.NullMarked;
