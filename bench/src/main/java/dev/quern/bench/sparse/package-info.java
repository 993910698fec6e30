/** Measurements of the container for pruned results. */
@NullMarked
package dev.quern.bench.sparse;

import org.jspecify.annotations.NullMarked;
