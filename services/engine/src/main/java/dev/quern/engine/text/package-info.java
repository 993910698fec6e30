/** The texts of calibration and evaluation, read and cut into windows of tokens. */
@NullMarked
package dev.quern.engine.text;

import org.jspecify.annotations.NullMarked;
