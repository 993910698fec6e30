/** The place where commands write: lines, tables, sizes and progress. */
@NullMarked
package dev.quern.cli.console;

import org.jspecify.annotations.NullMarked;
