/** A store in a folder. */
@NullMarked
package dev.quern.artifacts.folder;

import org.jspecify.annotations.NullMarked;
