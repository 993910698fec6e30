/** The commands that run a server, look after it and hand out its keys. */
@NullMarked
package dev.quern.cli.stack;

import org.jspecify.annotations.NullMarked;
