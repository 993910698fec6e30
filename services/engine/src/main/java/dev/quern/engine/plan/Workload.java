package dev.quern.engine.plan;

import dev.quern.recipes.Recipe;

/**
 * What is to be done with a checkpoint.
 *
 * @param windows of the calibration text
 * @param seqLen tokens of a window
 * @param evaluationTokens of all evaluation texts together; only the estimate of time needs them
 */
public record Workload(Recipe recipe, int windows, int seqLen, long evaluationTokens) {}
