/** The completion script for shells, and the ids that it asks for. */
@NullMarked
package dev.quern.cli.completion;

import org.jspecify.annotations.NullMarked;
