/** Which weights of a linear are kept, and what the kept ones become once the others are zero. */
@NullMarked
package dev.quern.engine.mask;

import org.jspecify.annotations.NullMarked;
