package dev.quern.contract;

/**
 * What is left of a segment after a slice.
 *
 * @param made blocks that this slice added
 * @param reused blocks that were there before
 */
public record SliceResult(SliceRef rest, int made, int reused) {}
