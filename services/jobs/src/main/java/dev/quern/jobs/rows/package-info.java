/** What repositories share: columns and places in lists. */
@NullMarked
package dev.quern.jobs.rows;

import org.jspecify.annotations.NullMarked;
