package dev.quern.contract;

/**
 * What a worker says of itself.
 *
 * @param worker its name
 * @param profile numeric profile: workers of one profile make the same bits
 * @param backend for example {@code openblas}
 * @param memoryBytes that work on it may use
 */
public record Device(String worker, String profile, String backend, int threads, long memoryBytes) {}
