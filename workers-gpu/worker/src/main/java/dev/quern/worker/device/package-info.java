/** The device of a worker: who may use it, its thread, its scratch files and its figures. */
@NullMarked
package dev.quern.worker.device;

import org.jspecify.annotations.NullMarked;
