/**
 * Checkpoints of the Hugging Face layout: a strict mapped safetensors reader, a deterministic writer, config.json and
 * digests.
 */
@NullMarked
package dev.quern.engine.checkpoint;

import org.jspecify.annotations.NullMarked;
