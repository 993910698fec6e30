/** Opens the store or the bucket that an address names. */
@NullMarked
package dev.quern.artifacts.stores;

import org.jspecify.annotations.NullMarked;
