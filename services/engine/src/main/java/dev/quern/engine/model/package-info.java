/** Decoder architectures as data, and the interpreter that runs their blocks on a backend. */
@NullMarked
package dev.quern.engine.model;

import org.jspecify.annotations.NullMarked;
