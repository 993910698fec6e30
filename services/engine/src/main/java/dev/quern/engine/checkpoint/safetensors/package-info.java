/** Reads and writes safetensors files. */
@NullMarked
package dev.quern.engine.checkpoint.safetensors;

import org.jspecify.annotations.NullMarked;
