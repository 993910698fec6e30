/** Grids and sweeps in float32: vectors of the CPU, and products of OpenBLAS between blocks. */
@NullMarked
package dev.quern.openblas.rounding;

import org.jspecify.annotations.NullMarked;
