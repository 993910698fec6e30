/** What a user asks for and what they get back, as validated data: recipes, job requests and gates. JDK only. */
@NullMarked
package dev.quern.recipes;

import org.jspecify.annotations.NullMarked;
