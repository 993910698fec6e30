/** Deterministic workflow code: no clock, no randomness, no input or output but activities. */
@NullMarked
package dev.quern.workflows;

import org.jspecify.annotations.NullMarked;
