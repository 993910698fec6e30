/** For tests only: which servers they run on, databases and namespaces of their own there, and how tests wait. */
@NullMarked
package dev.quern.testing;

import org.jspecify.annotations.NullMarked;
