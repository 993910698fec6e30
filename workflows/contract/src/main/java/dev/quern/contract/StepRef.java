package dev.quern.contract;

/**
 * A step of a shared block.
 *
 * @param index of a run of tiles, or of a work unit
 */
public record StepRef(int block, int index) {}
