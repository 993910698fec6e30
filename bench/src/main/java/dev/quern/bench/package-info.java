/** Programs that time the engine, against others where there are any. */
@NullMarked
package dev.quern.bench;

import org.jspecify.annotations.NullMarked;
