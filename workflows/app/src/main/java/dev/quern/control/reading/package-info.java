/**
 * Reads bytes that strangers made, in processes of their own: what breaks there, or takes too much, breaks nothing
 * else. The control process holds {@link dev.quern.control.reading.Readings}; the processes run
 * {@link dev.quern.control.reading.answer.ReadingMain}.
 */
@NullMarked
package dev.quern.control.reading;

import org.jspecify.annotations.NullMarked;
