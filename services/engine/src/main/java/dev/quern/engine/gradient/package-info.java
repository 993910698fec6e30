/** Runs a model backwards for the gradients at its linears. */
@NullMarked
package dev.quern.engine.gradient;

import org.jspecify.annotations.NullMarked;
