/** What runs in a reading process. */
@NullMarked
package dev.quern.control.reading.answer;

import org.jspecify.annotations.NullMarked;
