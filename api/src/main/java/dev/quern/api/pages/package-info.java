/** The dashboard: pages drawn on the server, kept up to date over server-sent events. */
@NullMarked
package dev.quern.api.pages;

import org.jspecify.annotations.NullMarked;
