/** What controllers share: ids in requests, bounds on open requests, records as bodies, the artifact store. */
@NullMarked
package dev.quern.api.request;

import org.jspecify.annotations.NullMarked;
