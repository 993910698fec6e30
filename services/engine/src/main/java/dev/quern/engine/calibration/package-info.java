/**
 * From windows of tokens to compressed blocks: streams of hidden states, and the walk that compresses block after
 * block.
 */
@NullMarked
package dev.quern.engine.calibration;

import org.jspecify.annotations.NullMarked;
