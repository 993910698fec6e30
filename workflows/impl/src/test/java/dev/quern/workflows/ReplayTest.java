package dev.quern.workflows;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.contract.CompressionWorkflow;
import dev.quern.contract.ControlActivities;
import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import io.temporal.testing.WorkflowReplayer;
import io.temporal.workflow.Workflow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Workflows that run when a new version is installed are replayed by it, so it must do what its predecessor did.
 * Histories are recorded by {@link CompressionWorkflowTest} when it runs with {@code -Dquern.record=FOLDER}; one that
 * no longer replays means that the change needs {@code Workflow.getVersion}.
 */
class ReplayTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "completed",
                "quarantined",
                "cancelled",
                "retried",
                "paused",
                "resumed",
                "failed",
                "segments",
                "shared",
                "gradients",
                "running",
                "evaluation"
            })
    void doesWhatItDidWhenThisWasRecorded(String history) throws Exception {
        WorkflowReplayer.replayWorkflowExecutionFromResource(
                "histories/" + history + ".json", CompressionWorkflowImpl.class);
    }

    @Test
    void noticesAWorkflowThatDoesSomethingElse() {
        assertThatThrownBy(() ->
                        WorkflowReplayer.replayWorkflowExecutionFromResource("histories/completed.json", Hasty.class))
                .isInstanceOf(RuntimeException.class);
    }

    /** Publishes without inspecting. */
    public static final class Hasty implements CompressionWorkflow {
        @Override
        public Outcome run(JobRef job) {
            Workflow.newActivityStub(ControlActivities.class, Timeouts.QUICK).cleanup(job);
            return Outcome.cancelled();
        }

        @Override
        public void cancel() {}

        @Override
        public void pause() {}

        @Override
        public void giveUp(String code, String message) {}
    }
}
