/** The digests of files and of whole models. */
@NullMarked
package dev.quern.engine.checkpoint.digest;

import org.jspecify.annotations.NullMarked;
