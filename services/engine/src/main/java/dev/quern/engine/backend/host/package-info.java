/** Tensors in host memory and the threads that work on them: what every backend that computes on the CPU shares. */
@NullMarked
package dev.quern.engine.backend.host;

import org.jspecify.annotations.NullMarked;
