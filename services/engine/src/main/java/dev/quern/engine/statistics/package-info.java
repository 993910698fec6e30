/** Sums over the inputs of linears. */
@NullMarked
package dev.quern.engine.statistics;

import org.jspecify.annotations.NullMarked;
