/** The container {@code quern-sparse}: which weights are not zero, and their codes, coded by how often each occurs. */
@NullMarked
package dev.quern.engine.format.quernsparse;

import org.jspecify.annotations.NullMarked;
