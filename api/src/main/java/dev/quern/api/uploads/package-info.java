/** Files that clients upload. */
@NullMarked
package dev.quern.api.uploads;

import org.jspecify.annotations.NullMarked;
