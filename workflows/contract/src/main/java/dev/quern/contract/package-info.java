/**
 * What control process, workflow and workers say to each other: interfaces, and records of ids and keys, never tensors.
 */
@NullMarked
package dev.quern.contract;

import org.jspecify.annotations.NullMarked;
