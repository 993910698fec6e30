/** How a job is submitted: by a request over HTTP, or by the service itself. */
@NullMarked
package dev.quern.submissions;

import org.jspecify.annotations.NullMarked;
