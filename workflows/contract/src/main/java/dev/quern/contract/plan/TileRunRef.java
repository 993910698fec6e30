package dev.quern.contract.plan;

/** The tiles [first, end) of the calibration text, which one worker takes through the original model. */
public record TileRunRef(int first, int end) {}
