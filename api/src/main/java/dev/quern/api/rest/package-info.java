/** The REST API under /api/v1, described by openapi.json. */
@NullMarked
package dev.quern.api.rest;

import org.jspecify.annotations.NullMarked;
