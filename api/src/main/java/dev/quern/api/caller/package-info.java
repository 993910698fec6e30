/** Who sends a request, and the share of the server that is theirs. */
@NullMarked
package dev.quern.api.caller;

import org.jspecify.annotations.NullMarked;
