/** The values of templates, and what templates can do with them. */
@NullMarked
package dev.quern.engine.template.value;

import org.jspecify.annotations.NullMarked;
