/** Runs a model forward on a backend, block by block. */
@NullMarked
package dev.quern.engine.forward;

import org.jspecify.annotations.NullMarked;
