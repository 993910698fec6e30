/** The steps of a compression as small classes, and all of them in one process: what tests and benchmarks run. */
@NullMarked
package dev.quern.engine.run;

import org.jspecify.annotations.NullMarked;
