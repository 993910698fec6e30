/** The specification: every primitive in plain Java, meant to be read. The other backends are tested against it. */
@NullMarked
package dev.quern.engine.backend.java;

import org.jspecify.annotations.NullMarked;
