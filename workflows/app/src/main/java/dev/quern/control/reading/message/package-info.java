/** What the control process and a reading process say to each other. */
@NullMarked
package dev.quern.control.reading.message;

import org.jspecify.annotations.NullMarked;
