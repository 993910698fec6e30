/** Llama and its derivatives. */
@NullMarked
package dev.quern.engine.model.llama;

import org.jspecify.annotations.NullMarked;
