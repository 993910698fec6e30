/** For tests only: which servers they run on, and databases and namespaces of their own there. */
@NullMarked
package dev.quern.testing;

import org.jspecify.annotations.NullMarked;
