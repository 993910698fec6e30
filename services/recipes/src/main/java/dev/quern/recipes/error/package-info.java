/** The errors that users and operators see, with their codes. */
@NullMarked
package dev.quern.recipes.error;

import org.jspecify.annotations.NullMarked;
