/** Durable objects under keys: written once, whole or not at all. A folder today, S3 behind the same interface. */
@NullMarked
package dev.quern.artifacts;

import org.jspecify.annotations.NullMarked;
