/** The workflows of jobs, as Temporal has them. */
@NullMarked
package dev.quern.control.workflow;

import org.jspecify.annotations.NullMarked;
