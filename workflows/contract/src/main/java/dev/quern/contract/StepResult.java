package dev.quern.contract;

/**
 * What came of a step of a shared block.
 *
 * @param worker who took it
 * @param done false when something is missing that an earlier step makes
 */
public record StepResult(String worker, boolean done) {}
