/** Who may do what: hosts, origins, keys, sessions, form tokens, rates and response headers. */
@NullMarked
package dev.quern.api.safety;

import org.jspecify.annotations.NullMarked;
