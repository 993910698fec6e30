package dev.quern.contract;

import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import org.jspecify.annotations.Nullable;

/**
 * One write of the workflow to its job's row. Of two steps of a generation the one with the higher seq stands.
 *
 * @param seq from 1
 * @param state of the job
 * @param stage null leaves it as it is
 * @param reason why it stands still, null for none
 * @param remedy what would help
 * @param outcome beside an end state, else null
 */
public record StepRecord(
        long seq,
        JobState state,
        @Nullable Stage stage,
        @Nullable ReasonCode reason,
        @Nullable String remedy,
        @Nullable Outcome outcome) {}
