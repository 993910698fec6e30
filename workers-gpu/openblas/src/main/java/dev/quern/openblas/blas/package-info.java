/** The native library: its functions and how it is loaded. */
@NullMarked
package dev.quern.openblas.blas;

import org.jspecify.annotations.NullMarked;
