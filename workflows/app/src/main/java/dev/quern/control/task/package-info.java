/** Work that is repeated while the control process runs. */
@NullMarked
package dev.quern.control.task;

import org.jspecify.annotations.NullMarked;
