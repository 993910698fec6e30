/** Folders of safetensors with config.json and the other files of the source, and the codecs of linears in them. */
@NullMarked
package dev.quern.engine.format.safetensors;

import org.jspecify.annotations.NullMarked;
