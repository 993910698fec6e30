/** Errors as RFC 9457 problem details, or as a page where a person looks at them. */
@NullMarked
package dev.quern.api.problem;

import org.jspecify.annotations.NullMarked;
