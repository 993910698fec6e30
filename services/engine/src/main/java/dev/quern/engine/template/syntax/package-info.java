/** The expressions and statements of a template, parsed from its text. */
@NullMarked
package dev.quern.engine.template.syntax;

import org.jspecify.annotations.NullMarked;
