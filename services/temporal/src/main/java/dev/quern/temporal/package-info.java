/**
 * Temporal's in-process services behind a port that asks for a key: one server for the embedded stack and for tests.
 */
@NullMarked
package dev.quern.temporal;

import org.jspecify.annotations.NullMarked;
