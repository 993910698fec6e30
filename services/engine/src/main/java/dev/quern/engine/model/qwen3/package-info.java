/** Qwen3, dense. */
@NullMarked
package dev.quern.engine.model.qwen3;

import org.jspecify.annotations.NullMarked;
