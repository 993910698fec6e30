/** The commands that compress and evaluate a model, and the upload of its files. */
@NullMarked
package dev.quern.cli.compress;

import org.jspecify.annotations.NullMarked;
