/** Decoder architectures as data: blocks, their programs and their tensors. */
@NullMarked
package dev.quern.engine.model;

import org.jspecify.annotations.NullMarked;
