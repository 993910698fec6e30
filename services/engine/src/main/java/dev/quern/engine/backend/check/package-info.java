/**
 * What every primitive asks of its arguments: one static method per primitive, which every backend calls before it
 * computes. A wrong argument is a defect of the caller and has the same message on every backend.
 */
@NullMarked
package dev.quern.engine.backend.check;

import org.jspecify.annotations.NullMarked;
