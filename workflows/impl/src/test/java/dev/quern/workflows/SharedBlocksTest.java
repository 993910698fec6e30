package dev.quern.workflows;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.contract.CompressionWorkflow;
import dev.quern.contract.Failures;
import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import dev.quern.contract.StepRecord;
import dev.quern.contract.plan.SharingRef;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import io.temporal.client.WorkflowClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A sequential job of four blocks, each of two runs of tiles and three work units. */
@Timeout(120)
class SharedBlocksTest {
    private static final JobRef JOB = new JobRef("default", "job", 1);

    @RegisterExtension
    final WorkflowHarness harness = new WorkflowHarness();

    private final FakeControl control = harness.control();
    private final FakeWorker device = harness.device();

    @BeforeEach
    void share() {
        control.sharing = new SharingRef(2, 3);
    }

    @Test
    void sumsEachBlockThenSolvesItThenSettlesIt() throws IOException {
        assertThat(run()).returns(JobState.COMPLETED, Outcome::state);

        assertThat(control.settled).containsExactly("0 []", "0 [w1]", "1 [w1]", "2 [w1]", "3 [w1]");
        assertThat(device.took).hasSize(4 * 5);
        for (int block = 0; block < 4; block++) {
            List<String> took = device.took.subList(5 * block, 5 * (block + 1));
            assertThat(took.subList(0, 2)).containsExactlyInAnyOrder("sum " + block + ".0", "sum " + block + ".1");
            assertThat(took.subList(2, 5))
                    .containsExactlyInAnyOrder(
                            "solve " + block + ".0", "solve " + block + ".1", "solve " + block + ".2");
        }
        assertThat(device.made).as("in no slice").isEmpty();
        assertThat(control.stages())
                .containsExactly(
                        Stage.INSPECT,
                        Stage.PLAN,
                        Stage.COMPRESS,
                        Stage.ASSEMBLE,
                        Stage.VERIFY,
                        Stage.EVALUATE,
                        Stage.PUBLISH);
        harness.record(JOB, "shared");
    }

    /**
     * An activity has three events, and its end starts at most one workflow task. Tasks that a busy server repeats, and
     * activities that end together, do not count for the block.
     */
    @Test
    void aBlockTakesFewEvents() {
        control.done = 3;
        run();
        control.done = 0;
        JobRef next = new JobRef("default", "job", 2);
        harness.workflow(next).run(next);

        assertThat(count(next, "ACTIVITY_TASK_") - count(JOB, "ACTIVITY_TASK_")).isEqualTo(3 * (2 + 3 + 1) * 3);
        assertThat(count(next, "WORKFLOW_TASK_COMPLETED"))
                .isLessThanOrEqualTo(1 + count(next, "ACTIVITY_TASK_COMPLETED"));
        assertThat(count(next, "TIMER_") + count(next, "MARKER_"))
                .isEqualTo(count(JOB, "TIMER_") + count(JOB, "MARKER_"));
    }

    private long count(JobRef job, String type) {
        return harness.events(job).stream()
                .filter(event -> event.getEventType().name().contains(type))
                .count();
    }

    @Test
    void goesOnFromTheBlocksThatAreThere() {
        control.done = 3;

        assertThat(run()).returns(JobState.COMPLETED, Outcome::state);

        assertThat(control.settled).containsExactly("0 []", "3 [w1]");
        assertThat(device.took).hasSize(5).allMatch(step -> step.contains(" 3."));
    }

    @Test
    void takesABlockAgainWhosePartsAreGoneButNotForEver() {
        control.gone.set(1);
        control.done = 3;
        assertThat(run()).returns(JobState.COMPLETED, Outcome::state);
        assertThat(device.took).hasSize(10);

        control.gone.set(100);
        JobRef next = new JobRef("default", "job", 2);
        assertThat(harness.workflow(next).run(next))
                .returns(JobState.FAILED, Outcome::state)
                .extracting(Outcome::message)
                .asString()
                .contains("block 3: its parts disappeared 3 times in a row");
    }

    @Test
    void solvesNothingWhoseStatisticsAreMissing() {
        device.notReady.set(2);

        assertThat(run()).returns(JobState.COMPLETED, Outcome::state);

        assertThat(control.settled).containsExactly("0 []", "0 [w1]", "1 [w1]", "2 [w1]", "3 [w1]");
        assertThat(device.took).filteredOn(step -> step.startsWith("sum 2.")).hasSize(2);
        assertThat(device.took).noneMatch(step -> step.startsWith("solve 2."));
    }

    @Test
    void repeatsOnlyTheStepThatFailed() {
        device.stepTrouble.add(() -> {
            throw Failures.damaged("stream-00001-abc", new IllegalStateException("payload"));
        });
        device.stepTrouble.add(() -> {
            throw Failures.busy("w1");
        });
        device.stepTrouble.add(() -> {
            throw Failures.toTemporal(new OutOfMemoryError("heap"), 1);
        });

        assertThat(run()).returns(JobState.COMPLETED, Outcome::state);

        assertThat(control.calls).contains("repair stream-00001-abc");
        assertThat(device.took).hasSize(4 * 5);
        assertThat(device.tilesInFlight).hasSize(4 * 2 + 3).contains(2);
        assertThat(control.steps).extracting(StepRecord::reason).contains(ReasonCode.RETRYING);
    }

    @Test
    void pausesWithinSteps() throws Exception {
        // Both steps: the in-process server loses its way where a cancel meets an answer.
        CountDownLatch begun = new CountDownLatch(2);
        for (int i = 0; i < 2; i++) {
            device.stepTrouble.add(() -> {
                begun.countDown();
                FakeWorker.untilCancelled();
            });
        }
        CompressionWorkflow workflow = harness.workflow(JOB);
        CompletableFuture<Outcome> outcome = WorkflowClient.execute(workflow::run, JOB);
        assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();

        workflow.pause();

        assertThat(outcome).succeedsWithin(Duration.ofSeconds(25)).isEqualTo(Outcome.paused());
        assertThat(device.took).noneMatch(step -> step.startsWith("solve"));
    }

    /** Whatever a step still stores must be there when the cleanup looks. */
    @Test
    void theCleanupComesAfterAllStepsAlsoWhenOneFails() {
        device.stepTrouble.add(() -> {
            LockSupport.parkNanos(Duration.ofSeconds(2).toNanos());
            control.calls.add("the other one ended");
        });
        device.stepTrouble.add(() -> {
            throw Failures.toTemporal(new QuernException(ErrorCode.NON_FINITE_INPUTS, "inputs: NaN"), 1);
        });

        assertThat(run()).returns(JobState.REJECTED, Outcome::state);

        assertThat(control.calls).endsWith("the other one ended", "cleanup");
        assertThat(device.took).hasSize(1).allMatch(step -> step.startsWith("sum 0."));
    }

    private Outcome run() {
        return harness.workflow(JOB).run(JOB);
    }
}
