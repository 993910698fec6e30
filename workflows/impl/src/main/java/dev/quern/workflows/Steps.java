package dev.quern.workflows;

import dev.quern.contract.ControlActivities;
import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import dev.quern.contract.StepRecord;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the workflow tells the row, numbered; and how long each stage took. */
final class Steps {
    private static final String RUNNING = "RUNNING";

    private final JobRef job;
    private final ControlActivities control;
    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private long seq;
    private boolean stopping;
    private @Nullable String stage;
    private long since;

    Steps(JobRef job, ControlActivities control) {
        this.job = job;
        this.control = control;
    }

    void enter(String next) {
        closeStage();
        stage = next;
        since = Workflow.currentTimeMillis();
        write(RUNNING, null, null, null);
    }

    /** The job stands still. */
    void standing(String reason, String remedy) {
        write(RUNNING, reason, remedy, null);
    }

    /** The job moves again. */
    void moving() {
        write(RUNNING, null, null, null);
    }

    /** From here on what still runs has nothing to say about the state. */
    void stopping(Outcome wanted) {
        if (wanted.equals(Outcome.cancelled())) {
            write("CANCELLING", null, null, null);
        } else {
            String reason = wanted.equals(Outcome.paused()) ? "PAUSING" : "STOPPING";
            write(RUNNING, reason, "The workers are stopping.", null);
        }
        stopping = true;
    }

    void end(Outcome outcome) {
        write(outcome.state(), null, null, outcome);
    }

    /** Seconds of every stage so far, the present one included. */
    Map<String, Double> seconds() {
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

    private void write(String state, @Nullable String reason, @Nullable String remedy, @Nullable Outcome outcome) {
        if (!stopping || !state.equals(RUNNING)) {
            control.record(job, new StepRecord(++seq, state, stage, reason, remedy, outcome));
        }
    }
}
