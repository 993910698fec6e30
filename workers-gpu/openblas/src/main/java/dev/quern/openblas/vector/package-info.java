/** The primitives that run on vectors of the CPU. */
@NullMarked
package dev.quern.openblas.vector;

import org.jspecify.annotations.NullMarked;
