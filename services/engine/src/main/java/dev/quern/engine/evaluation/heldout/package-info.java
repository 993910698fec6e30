/** Errors of compressed linears on text that calibration did not read. */
@NullMarked
package dev.quern.engine.evaluation.heldout;

import org.jspecify.annotations.NullMarked;
