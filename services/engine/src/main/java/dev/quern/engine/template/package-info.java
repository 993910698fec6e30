/**
 * Chat templates: the part of Jinja that they are written in, as transformers runs it, and nothing that could leave a
 * template.
 */
@NullMarked
package dev.quern.engine.template;

import org.jspecify.annotations.NullMarked;
