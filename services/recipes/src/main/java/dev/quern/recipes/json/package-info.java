/** A strict, bounded JSON reader and writer, a bounded YAML reader onto the same values, and their mapping to records. */
@NullMarked
package dev.quern.recipes.json;

import org.jspecify.annotations.NullMarked;
