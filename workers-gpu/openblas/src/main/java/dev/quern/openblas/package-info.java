/**
 * The CPU backend: products and factorisations by OpenBLAS, one thread per call; the rest in parallel Java over fixed
 * tiles.
 */
@NullMarked
package dev.quern.openblas;

import org.jspecify.annotations.NullMarked;
