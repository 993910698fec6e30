/** Loads native libraries out of jars. */
@org.jspecify.annotations.NullMarked
package dev.quern.engine.natives;
