/** Makes Temporal follow the rows, and the rows follow what runs. */
@NullMarked
package dev.quern.control.reconcile;

import org.jspecify.annotations.NullMarked;
