/** The REST API as the commands see it. */
@NullMarked
package dev.quern.cli.client;

import org.jspecify.annotations.NullMarked;
