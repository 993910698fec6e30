/** The primitives that the backend of a device lacks, run on a backend of the host. */
@NullMarked
package dev.quern.engine.backend.trip;

import org.jspecify.annotations.NullMarked;
