/** What a job makes and keeps: artifacts with their input keys, read and written as single files. */
@NullMarked
package dev.quern.engine.artifact;

import org.jspecify.annotations.NullMarked;
