/**
 * What a device computes: a handful of small interfaces of primitives over tensors that only their backend can read.
 * Engine code composes primitives and never touches elements, so on a GPU nothing crosses the bus inside a block.
 */
@NullMarked
package dev.quern.engine.backend;

import org.jspecify.annotations.NullMarked;
