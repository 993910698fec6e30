/**
 * What a compression will take, computed beforehand from headers alone: tiles, segments, memory, disk, size of the
 * result, time.
 */
@NullMarked
package dev.quern.engine.plan;

import org.jspecify.annotations.NullMarked;
