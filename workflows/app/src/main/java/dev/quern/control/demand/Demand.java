package dev.quern.control.demand;

import org.jspecify.annotations.Nullable;

/**
 * The workers that a job waits for.
 *
 * @param workerClass of the workers that may take its work; null is any
 * @param profile the numeric profile that they must have; null is any
 */
record Demand(@Nullable String workerClass, @Nullable String profile) {}
