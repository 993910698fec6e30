/** A strict and bounded JSON reader and writer. */
@NullMarked
package dev.quern.recipes.json;

import org.jspecify.annotations.NullMarked;
