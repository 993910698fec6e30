/** What families of models are made of: the dense decoder and the options of config.json. */
@NullMarked
package dev.quern.engine.model.family;

import org.jspecify.annotations.NullMarked;
