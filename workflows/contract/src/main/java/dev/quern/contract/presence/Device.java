package dev.quern.contract.presence;

import org.jspecify.annotations.Nullable;

/**
 * What a worker says of itself.
 *
 * @param worker its name
 * @param profile numeric profile: workers of one profile make the same bits
 * @param backend for example {@code openblas}
 * @param id which device of its machine: {@code cpu}, or a kind and a number; null from an older worker
 * @param memoryBytes that work may use: of the device, and of the process as well where hostMemoryBytes is null
 * @param hostMemoryBytes that work may use in the process beside the device; null where the device computes in the
 *     memory of the process
 * @param flopsPerSecond of the products of a forward, measured when it started; null from a worker that did not measure
 * @param bytesPerSecond of weights that are taken into the device's memory, likewise
 */
public record Device(
        String worker,
        String profile,
        String backend,
        @Nullable String id,
        int threads,
        long memoryBytes,
        @Nullable Long hostMemoryBytes,
        @Nullable Double flopsPerSecond,
        @Nullable Double bytesPerSecond) {}
