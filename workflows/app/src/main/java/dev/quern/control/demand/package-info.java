/** For which workers jobs wait. */
@NullMarked
package dev.quern.control.demand;

import org.jspecify.annotations.NullMarked;
