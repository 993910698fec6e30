/** The options that describe a job. */
@NullMarked
package dev.quern.cli.options;

import org.jspecify.annotations.NullMarked;
