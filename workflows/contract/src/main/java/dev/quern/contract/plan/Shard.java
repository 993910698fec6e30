package dev.quern.contract.plan;

/**
 * Windows [first, end) of one evaluation file.
 *
 * @param file its index in the request
 */
public record Shard(int file, int first, int end) {}
