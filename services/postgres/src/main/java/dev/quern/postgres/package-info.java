/** PostgreSQL as a child process: unpacked, initialised, started, recovered and stopped by one owner. */
@NullMarked
package dev.quern.postgres;

import org.jspecify.annotations.NullMarked;
