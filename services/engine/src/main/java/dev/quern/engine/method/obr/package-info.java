/** Rounding of what a mask keeps (OBR, arXiv 2509.11177). */
@NullMarked
package dev.quern.engine.method.obr;

import org.jspecify.annotations.NullMarked;
