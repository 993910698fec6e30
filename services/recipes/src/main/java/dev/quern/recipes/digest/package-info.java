/** Digests of bytes and texts. */
@NullMarked
package dev.quern.recipes.digest;

import org.jspecify.annotations.NullMarked;
