/** Transforms of a model before its weights are rounded. Each maps a model to another one that computes the same. */
@NullMarked
package dev.quern.engine.transform;

import org.jspecify.annotations.NullMarked;
