/** Results in one format from results in another. */
@NullMarked
package dev.quern.engine.convert;

import org.jspecify.annotations.NullMarked;
