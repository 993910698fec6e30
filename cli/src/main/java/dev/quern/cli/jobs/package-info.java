/** The commands for jobs of a server. */
@NullMarked
package dev.quern.cli.jobs;

import org.jspecify.annotations.NullMarked;
