/** Deletes what no job needs any more. */
@NullMarked
package dev.quern.control.retention;

import org.jspecify.annotations.NullMarked;
