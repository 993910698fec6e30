package dev.quern.contract;

/**
 * How far the shared blocks of a job are.
 *
 * @param next the first block that is missing; the number of blocks when none is
 * @param reused how many of the blocks before it were there before this job
 */
public record Settled(int next, int reused) {}
