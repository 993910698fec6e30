/** YAQA: rounding by both sides of a linear. */
@NullMarked
package dev.quern.engine.method.yaqa;

import org.jspecify.annotations.NullMarked;
