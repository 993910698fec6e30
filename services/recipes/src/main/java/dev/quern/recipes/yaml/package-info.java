/** A bounded reader of YAML onto the values of JSON. */
@NullMarked
package dev.quern.recipes.yaml;

import org.jspecify.annotations.NullMarked;
