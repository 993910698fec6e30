/** Compression of one linear: grids, rounding to nearest, GPTQ, and the figures that say what it cost. */
@NullMarked
package dev.quern.engine.method;

import org.jspecify.annotations.NullMarked;
