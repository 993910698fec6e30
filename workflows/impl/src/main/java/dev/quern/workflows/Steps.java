package dev.quern.workflows;

import dev.quern.contract.ControlActivities;
import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import dev.quern.contract.StepRecord;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the workflow tells the row, numbered; and how long each stage took. */
final class Steps {
    private final JobRef job;
    private final ControlActivities control;
    private final Map<Stage, Double> seconds = new LinkedHashMap<>();
    private long seq;
    private boolean stopping;
    private @Nullable Stage stage;
    private long since;

    Steps(JobRef job, ControlActivities control) {
        this.job = job;
        this.control = control;
    }

    void enter(Stage next) {
        closeStage();
        stage = next;
        since = Workflow.currentTimeMillis();
        write(JobState.RUNNING, null, null, null);
    }

    /** The job stands still. */
    void standing(ReasonCode reason, String remedy) {
        write(JobState.RUNNING, reason, remedy, null);
    }

    /** The job moves again. */
    void moving() {
        write(JobState.RUNNING, null, null, null);
    }

    /** From here on what still runs has nothing to say about the state. */
    void stopping(Outcome wanted) {
        if (wanted.equals(Outcome.cancelled())) {
            write(JobState.CANCELLING, null, null, null);
        } else {
            ReasonCode reason = wanted.equals(Outcome.paused()) ? ReasonCode.PAUSING : ReasonCode.STOPPING;
            write(JobState.RUNNING, reason, "The workers are stopping.", null);
        }
        stopping = true;
    }

    void end(Outcome outcome) {
        write(outcome.state(), null, null, outcome);
    }

    /** Seconds of every stage so far, the present one included. */
    Map<Stage, Double> seconds() {
        closeStage();
        since = Workflow.currentTimeMillis();
        return new LinkedHashMap<>(seconds);
    }

    private void closeStage() {
        if (stage != null) {
            Duration spent = Duration.ofMillis(Workflow.currentTimeMillis() - since);
            seconds.merge(stage, spent.toMillis() / 1000.0, Double::sum);
        }
    }

    private void write(
            JobState state, @Nullable ReasonCode reason, @Nullable String remedy, @Nullable Outcome outcome) {
        if (!stopping || state != JobState.RUNNING) {
            control.record(job, new StepRecord(++seq, state, stage, reason, remedy, outcome));
        }
    }
}
