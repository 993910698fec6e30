package dev.quern.contract.presence;

import org.jspecify.annotations.Nullable;

/**
 * What a worker says of itself.
 *
 * @param worker its name
 * @param profile numeric profile: workers of one profile make the same bits
 * @param backend for example {@code openblas}
 * @param memoryBytes that work on it may use
 * @param flopsPerSecond of the products of a forward, measured when it started; null from a worker that did not measure
 */
public record Device(
        String worker,
        String profile,
        String backend,
        int threads,
        long memoryBytes,
        @Nullable Double flopsPerSecond) {}
