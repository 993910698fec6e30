/**
 * Output formats as pure serializers of compressed linears, and the folder that they make with the source's other
 * files.
 */
@NullMarked
package dev.quern.engine.format;

import org.jspecify.annotations.NullMarked;
