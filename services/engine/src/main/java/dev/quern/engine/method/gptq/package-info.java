/** GPTQ: the factor of H, and the sweep over the columns. */
@NullMarked
package dev.quern.engine.method.gptq;

import org.jspecify.annotations.NullMarked;
