/** Compression of the linears of a work unit by the methods of a recipe. */
@NullMarked
package dev.quern.engine.compress;

import org.jspecify.annotations.NullMarked;
