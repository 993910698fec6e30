/** What compression cost: the compressed model against the original, token by token. */
@NullMarked
package dev.quern.engine.evaluation;

import org.jspecify.annotations.NullMarked;
