/** The list of output formats. */
@NullMarked
package dev.quern.engine.formats;

import org.jspecify.annotations.NullMarked;
