/** The settings and the version of the server. */
@NullMarked
package dev.quern.api.settings;

import org.jspecify.annotations.NullMarked;
