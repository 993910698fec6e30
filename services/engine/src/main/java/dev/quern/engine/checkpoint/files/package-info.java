/** The files of a checkpoint, in a folder or far away. */
@NullMarked
package dev.quern.engine.checkpoint.files;

import org.jspecify.annotations.NullMarked;
