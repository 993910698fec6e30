/** Qwen2 and Qwen2.5, dense. */
@NullMarked
package dev.quern.engine.model.qwen2;

import org.jspecify.annotations.NullMarked;
