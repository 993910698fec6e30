/** Output formats as pure serializers of compressed linears, the folder they make with the source's other files, and its check. */
@NullMarked
package dev.quern.engine.format;

import org.jspecify.annotations.NullMarked;
