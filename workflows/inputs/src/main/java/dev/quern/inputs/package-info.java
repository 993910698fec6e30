/** What activities read of a job, in the control process and in workers alike: its source, wherever it lies. */
@NullMarked
package dev.quern.inputs;

import org.jspecify.annotations.NullMarked;
