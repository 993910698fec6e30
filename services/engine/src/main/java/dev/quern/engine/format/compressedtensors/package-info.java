/** The format of compressed-tensors: its writer, and the readers of its checkpoints. */
@NullMarked
package dev.quern.engine.format.compressedtensors;

import org.jspecify.annotations.NullMarked;
