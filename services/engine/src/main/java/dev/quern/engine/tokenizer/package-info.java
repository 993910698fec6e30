/** The tokenizer of a checkpoint and its chat template. */
@NullMarked
package dev.quern.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
