package dev.quern.control.job;

import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import dev.quern.contract.StepRecord;
import dev.quern.jobs.Step;
import dev.quern.recipes.job.ReasonCode;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Brings the workflow's steps to the row. */
public record StepRecorder(Repositories rows) {
    public void record(JobRef job, StepRecord record) {
        UUID id = UUID.fromString(job.id());
        rows.steps().project(id, step(job.generation(), record));
    }

    private static Step step(int generation, StepRecord record) {
        Step step = Step.of(generation, record.seq(), record.state(), record.stage());
        ReasonCode reason = record.reason();
        step = reason == null ? step : step.because(new Step.Reason(reason, record.remedy()));
        return withOutcome(step, record.outcome());
    }

    /** The step with what an outcome adds to it. */
    public static Step withOutcome(Step step, @Nullable Outcome outcome) {
        if (outcome == null) {
            return step;
        }
        String code = outcome.code();
        return code == null ? step : step.failedWith(code, String.valueOf(outcome.message()));
    }
}
