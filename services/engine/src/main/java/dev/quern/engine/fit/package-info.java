/** What a recipe means for one model: which linears it compresses, and on which grid each of them is. */
@NullMarked
package dev.quern.engine.fit;

import org.jspecify.annotations.NullMarked;
