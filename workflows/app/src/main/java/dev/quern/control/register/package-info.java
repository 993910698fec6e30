/** The list of the workers that are running. */
@NullMarked
package dev.quern.control.register;

import org.jspecify.annotations.NullMarked;
