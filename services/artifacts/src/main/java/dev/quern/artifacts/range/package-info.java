/** Objects read by ranges of bytes, kept in a cache on disk. */
@NullMarked
package dev.quern.artifacts.range;

import org.jspecify.annotations.NullMarked;
