/** Reads results back and compares them with what was meant. */
@NullMarked
package dev.quern.engine.verify;

import org.jspecify.annotations.NullMarked;
