/**
 * The embedded stack: PostgreSQL, Temporal, control process, api and workers on one machine, one stack per data folder.
 */
@NullMarked
package dev.quern.embedded;

import org.jspecify.annotations.NullMarked;
