/** The folders and buckets that take results, and how results get there. */
@NullMarked
package dev.quern.cli.results;

import org.jspecify.annotations.NullMarked;
