/** The frame that all pages share, its assets, and the pages that need no caller. */
@NullMarked
package dev.quern.api.html;

import org.jspecify.annotations.NullMarked;
