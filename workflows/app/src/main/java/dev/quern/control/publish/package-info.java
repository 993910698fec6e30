/** Results and their reports: assembled, verified, and put into their places. */
@NullMarked
package dev.quern.control.publish;

import org.jspecify.annotations.NullMarked;
