/** The commands of {@code quern}. Most need no server and load no framework; those that do talk REST to one. */
@NullMarked
package dev.quern.cli;

import org.jspecify.annotations.NullMarked;
