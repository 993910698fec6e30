/**
 * For tests only: which servers they run on, databases and namespaces of their own there, how tests wait, tables of
 * what they found, and a browser.
 */
@NullMarked
package dev.quern.testing;

import org.jspecify.annotations.NullMarked;
