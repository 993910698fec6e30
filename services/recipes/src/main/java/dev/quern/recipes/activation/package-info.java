/** What a recipe says of the activations of a compressed model. */
@NullMarked
package dev.quern.recipes.activation;

import org.jspecify.annotations.NullMarked;
