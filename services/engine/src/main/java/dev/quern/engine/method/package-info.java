/** What all methods of rounding share: grids, statistics, compressed linears, and how errors are measured. */
@NullMarked
package dev.quern.engine.method;

import org.jspecify.annotations.NullMarked;
