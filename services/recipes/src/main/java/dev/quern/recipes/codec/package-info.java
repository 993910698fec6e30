/** Maps records to JSON and back, and describes them as JSON Schemas. */
@NullMarked
package dev.quern.recipes.codec;

import org.jspecify.annotations.NullMarked;
