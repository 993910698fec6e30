/** Buckets of an S3 server, and a store in one. */
@NullMarked
package dev.quern.artifacts.s3;

import org.jspecify.annotations.NullMarked;
