/** Files, reports and comparisons of finished jobs. */
@NullMarked
package dev.quern.api.results;

import org.jspecify.annotations.NullMarked;
