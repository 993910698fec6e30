/** The numerics of compression and its file formats: plain Java, no server, no storage but mapped files. */
@NullMarked
package dev.quern.engine;

import org.jspecify.annotations.NullMarked;
