/** What all commands share: the options of the root, exit codes, help and errors. */
@NullMarked
package dev.quern.cli.command;

import org.jspecify.annotations.NullMarked;
