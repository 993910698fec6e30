/** Rounding to nearest. */
@NullMarked
package dev.quern.engine.method.nearest;

import org.jspecify.annotations.NullMarked;
