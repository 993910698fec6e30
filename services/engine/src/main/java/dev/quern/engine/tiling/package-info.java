/** Tiles of windows, runs of tiles and slices of blocks: what work is cut into. */
@NullMarked
package dev.quern.engine.tiling;

import org.jspecify.annotations.NullMarked;
