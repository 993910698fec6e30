package dev.quern.contract;

import org.jspecify.annotations.Nullable;

/**
 * One write of the workflow to its job's row. Of two steps of a generation the one with the higher seq stands.
 *
 * @param seq from 1
 * @param state of the job
 * @param stage null leaves it as it is
 * @param reason a code for standing still, null for none
 * @param remedy what would help
 * @param outcome beside an end state, else null
 */
public record StepRecord(
        long seq,
        String state,
        @Nullable String stage,
        @Nullable String reason,
        @Nullable String remedy,
        @Nullable Outcome outcome) {}
