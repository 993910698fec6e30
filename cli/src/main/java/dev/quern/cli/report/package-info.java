/** Reports as text. */
@NullMarked
package dev.quern.cli.report;

import org.jspecify.annotations.NullMarked;
