/**
 * The HTTP process: requests in, JSON or pages out; it reads and writes rows and artifacts and knows no business rule.
 */
@NullMarked
package dev.quern.api;

import org.jspecify.annotations.NullMarked;
