/** The list of model families. */
@NullMarked
package dev.quern.engine.families;

import org.jspecify.annotations.NullMarked;
