/** Jobs, their states and events, the access to them, and their rows in PostgreSQL: the only place with SQL. */
@NullMarked
package dev.quern.jobs;

import org.jspecify.annotations.NullMarked;
