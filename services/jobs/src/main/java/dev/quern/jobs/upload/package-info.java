/** Uploads of checkpoints and texts. */
@NullMarked
package dev.quern.jobs.upload;

import org.jspecify.annotations.NullMarked;
