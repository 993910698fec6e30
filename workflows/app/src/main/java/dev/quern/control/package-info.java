/**
 * The control process: hosts the workflow and its light activities, starts and follows workflows, and writes what
 * happens to the rows. This package holds what all its parts share, and uses none of them but the reading processes;
 * each part has a package and a configuration of its own.
 */
@NullMarked
package dev.quern.control;

import org.jspecify.annotations.NullMarked;
