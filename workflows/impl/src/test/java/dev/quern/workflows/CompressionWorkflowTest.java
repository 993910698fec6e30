package dev.quern.workflows;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.contract.CompressionWorkflow;
import dev.quern.contract.Failures;
import dev.quern.contract.JobRef;
import dev.quern.contract.Outcome;
import dev.quern.contract.Queues;
import dev.quern.contract.StepRecord;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import io.temporal.api.enums.v1.EventType;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
class CompressionWorkflowTest {
    private static final JobRef JOB = new JobRef("default", "job", 1);
    private static final JobRef NEXT = new JobRef("default", "job", 2);

    @RegisterExtension
    final WorkflowHarness harness = new WorkflowHarness();

    private final FakeControl control = harness.control();
    private final FakeWorker device = harness.device();

    private void record(String name) throws IOException {
        record(JOB, name);
    }

    private void record(JobRef job, String name) throws IOException {
        harness.record(job, name);
    }

    @Test
    void goesThroughTheStagesInOrder() throws IOException {
        Outcome outcome = workflow().run(JOB);

        assertThat(outcome).isEqualTo(new Outcome(JobState.COMPLETED, null, null));
        assertThat(control.stages())
                .containsExactly(
                        Stage.INSPECT,
                        Stage.PLAN,
                        Stage.COMPRESS,
                        Stage.ASSEMBLE,
                        Stage.VERIFY,
                        Stage.EVALUATE,
                        Stage.PUBLISH);
        assertThat(control.states()).containsExactly(JobState.RUNNING, JobState.COMPLETED);
        assertThat(control.steps).extracting(StepRecord::seq).isSorted().doesNotHaveDuplicates();
        assertThat(control.calls)
                .containsExactly(
                        "inspect", "plan p1", "assemble", "verify", "publish [figures-0, figures-8]", "cleanup");
        assertThat(device.made).containsExactly(0, 1, 2, 3);
        assertThat(control.told)
                .containsExactly(new SliceRef(0, 1), new SliceRef(1, 2), new SliceRef(2, 3), new SliceRef(3, 4));
        record("completed");
    }

    /** A plan without blocks to compress is that of an evaluation. */
    @Test
    void evaluatesAFinishedResultAndMakesNothing() throws IOException {
        control.segments = 0;

        Outcome outcome = workflow().run(JOB);

        assertThat(outcome.state()).isEqualTo(JobState.COMPLETED);
        assertThat(control.stages()).containsExactly(Stage.INSPECT, Stage.PLAN, Stage.EVALUATE, Stage.PUBLISH);
        assertThat(control.calls).containsExactly("inspect", "plan p1", "publish [figures-0, figures-8]", "cleanup");
        assertThat(device.made).isEmpty();
        record("evaluation");
    }

    /** A slice has as many blocks as were there before, and a store may be far away. */
    @Test
    void whatReadsTheStoreHasTimeAndSaysThatItLives() {
        workflow().run(JOB);

        assertThat(harness.events(JOB))
                .filteredOn(HistoryEvent::hasActivityTaskScheduledEventAttributes)
                .extracting(HistoryEvent::getActivityTaskScheduledEventAttributes)
                .filteredOn(activity -> Set.of("plan", "tell")
                        .contains(activity.getActivityType().getName()))
                .hasSize(1 + FakeControl.BLOCKS)
                .allMatch(activity -> activity.getStartToCloseTimeout().getSeconds() >= 3600)
                .allMatch(activity -> activity.getHeartbeatTimeout().getSeconds() > 0);
    }

    @Test
    void tracesBeforeItCompressesSeveralSegments() throws IOException {
        control.segments = 2;

        assertThat(workflow().run(JOB)).returns(JobState.COMPLETED, Outcome::state);

        assertThat(control.stages())
                .containsExactly(
                        Stage.INSPECT,
                        Stage.PLAN,
                        Stage.TRACE,
                        Stage.COMPRESS,
                        Stage.ASSEMBLE,
                        Stage.VERIFY,
                        Stage.EVALUATE,
                        Stage.PUBLISH);
        assertThat(device.traced).containsExactlyInAnyOrder(new TileRunRef(0, 3), new TileRunRef(3, 6));
        assertThat(device.made).containsExactlyInAnyOrder(0, 1, 2, 3);
        record("segments");
    }

    @Test
    void offersTheNextSliceToTheWorkerThatDidTheLastUnlessAnotherJobWaits() {
        workflow().run(JOB);
        assertThat(device.queues)
                .containsExactly(
                        Queues.ofProfile("cpu", "p1"),
                        Queues.ofWorker("w1"),
                        Queues.ofWorker("w1"),
                        Queues.ofWorker("w1"));

        device.queues.clear();
        control.othersWait = true;
        workflow(NEXT).run(NEXT);
        assertThat(device.queues).containsOnly(Queues.ofProfile("cpu", "p1")).hasSize(4);
    }

    @Test
    void givesTheNextSliceToAnyoneWhenItsWorkerIsGone() {
        device.name = "gone";

        assertThat(workflow().run(JOB)).returns(JobState.COMPLETED, Outcome::state);

        assertThat(device.queues).containsOnly(Queues.ofProfile("cpu", "p1"));
        assertThat(control.steps).extracting(StepRecord::reason).containsOnlyNulls();
    }

    @Test
    void offersAgainWhatABusyWorkerTurnedAway() {
        device.trouble.add(() -> {
            throw Failures.busy("w1");
        });

        assertThat(workflow().run(JOB)).returns(JobState.COMPLETED, Outcome::state);
        assertThat(control.steps).extracting(StepRecord::reason).containsOnlyNulls();
    }

    /**
     * Temporal warns at 10,240 events and ends a workflow at 51,200. An activity has three, and the workflow task that
     * hears of its end has three more; activities that end at the same time may share a task, so that the sum differs
     * from run to run.
     */
    @Test
    void takesAtMostTwelveEventsForASlice() {
        List<HistoryEvent> few = events(JOB);
        control.blocks = 126;

        List<HistoryEvent> many = events(NEXT);

        long activities = count(many, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED);
        assertThat(activities - count(few, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED))
                .isEqualTo(2 * (126 - FakeControl.BLOCKS));
        assertThat(count(many, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)).isLessThanOrEqualTo(1 + activities);
        assertThat(many).hasSizeLessThan(5000);
    }

    private List<HistoryEvent> events(JobRef job) {
        workflow(job).run(job);
        return harness.events(job);
    }

    private static long count(List<HistoryEvent> events, EventType type) {
        return events.stream().filter(event -> event.getEventType() == type).count();
    }

    @Test
    void givesUpWhenItsTimeIsOver() throws Exception {
        CompressionWorkflow workflow = workflow();
        CompletableFuture<Outcome> outcome = runUntil(device.trouble::add, FakeWorker::untilCancelled, workflow);

        workflow.giveUp("limit-exceeded", "limits.maxRuntimeSeconds: 61 s (expected: at most 60)");

        assertThat(outcome)
                .succeedsWithin(Duration.ofSeconds(10))
                .returns(JobState.FAILED, Outcome::state)
                .returns("limit-exceeded", Outcome::code);
        assertThat(control.states()).containsExactly(JobState.RUNNING, JobState.FAILED);
        record("failed");
    }

    @Test
    void quarantinesWhatItsGateRefuses() throws IOException {
        control.accepted = false;

        assertThat(workflow().run(JOB))
                .returns(JobState.QUARANTINED, Outcome::state)
                .returns("kl 9 (expected: at most 1)", Outcome::message);
        record("quarantined");
    }

    @Test
    void rejectsBadInputWithoutASecondTry() {
        control.inspectionFails = new QuernException(ErrorCode.INVALID_CHECKPOINT, "config.json: missing");

        assertThat(workflow().run(JOB))
                .isEqualTo(Outcome.failed(JobState.REJECTED, "invalid-checkpoint", "config.json: missing"));
        assertThat(control.calls).containsExactly("inspect", "cleanup");
    }

    @Test
    void givesUpADefectAfterThreeAttempts() {
        for (int i = 0; i < Failures.INTERNAL_ATTEMPTS; i++) {
            device.trouble.add(() -> {
                throw Failures.toTemporal(new IllegalStateException("broken"), 1);
            });
        }
        assertThat(workflow().run(JOB)).returns(JobState.FAILED, Outcome::state).returns("internal", Outcome::code);
        assertThat(device.tilesInFlight).hasSize(Failures.INTERNAL_ATTEMPTS);
    }

    @Test
    void halvesTheTilesInFlightWhenMemoryRunsOut() throws IOException {
        device.trouble.add(() -> {
            throw Failures.toTemporal(new OutOfMemoryError("heap"), 1);
        });

        assertThat(workflow().run(JOB)).returns(JobState.COMPLETED, Outcome::state);
        assertThat(device.tilesInFlight.subList(0, 2)).containsExactly(4, 2);
        assertThat(control.steps).extracting(StepRecord::reason).contains(ReasonCode.RETRYING);
        record("retried");
    }

    @Test
    void hasADamagedArtifactDeletedAndMadeAgain() {
        device.trouble.add(() -> {
            throw Failures.damaged("block-00000-abc", new IllegalStateException("payload"));
        });

        assertThat(workflow().run(JOB)).returns(JobState.COMPLETED, Outcome::state);
        assertThat(control.calls).contains("repair block-00000-abc");
    }

    /** The control process reads blocks, too. */
    @Test
    void hasABlockMadeAgainThatTheAssemblyFindsDamaged() {
        control.assemblyTrouble = () -> {
            throw Failures.damaged("block-00002-abc", new IllegalStateException("payload"));
        };

        assertThat(workflow().run(JOB)).returns(JobState.COMPLETED, Outcome::state);
        assertThat(control.calls)
                .containsExactly(
                        "inspect",
                        "plan p1",
                        "assemble",
                        "repair block-00002-abc",
                        "assemble",
                        "verify",
                        "publish [figures-0, figures-8]",
                        "cleanup");
        assertThat(device.made).containsExactly(0, 1, 2, 3, 0, 1, 2, 3);
        assertThat(control.steps).extracting(StepRecord::reason).contains(ReasonCode.RETRYING);
    }

    @Test
    void hasABlockMadeAgainThatTheEvaluationFindsDamagedButNotForEver() {
        device.shardTrouble.add(CompressionWorkflowTest::damaged);
        assertThat(workflow().run(JOB)).returns(JobState.COMPLETED, Outcome::state);
        assertThat(control.calls).containsSubsequence("verify", "repair block-00001-abc", "assemble", "verify");

        for (int i = 0; i < 20; i++) {
            device.shardTrouble.add(CompressionWorkflowTest::damaged);
        }
        assertThat(workflow(NEXT).run(NEXT)).returns(JobState.FAILED, Outcome::state);
    }

    private static void damaged() {
        throw Failures.damaged("block-00001-abc", new IllegalStateException("payload"));
    }

    @Test
    void cancelsWithinSecondsWithTheWorkersWord() throws Exception {
        CompressionWorkflow workflow = workflow();
        CompletableFuture<Outcome> outcome = runUntil(device.trouble::add, FakeWorker::untilCancelled, workflow);

        workflow.cancel();

        assertThat(outcome).succeedsWithin(Duration.ofSeconds(25)).isEqualTo(Outcome.cancelled());
        assertThat(control.states()).containsExactly(JobState.RUNNING, JobState.CANCELLING, JobState.CANCELLED);
        assertThat(control.calls.getLast()).isEqualTo("cleanup");
        assertThat(device.made).isEmpty();
        record("cancelled");
    }

    @Test
    void pausesAndLeavesWhatTheNextGenerationGoesOnFrom() throws Exception {
        CompressionWorkflow workflow = workflow();
        CompletableFuture<Outcome> outcome = runUntil(device.trouble::add, FakeWorker::untilCancelled, workflow);
        record("running");

        workflow.pause();

        assertThat(outcome).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(Outcome.paused());
        assertThat(control.states()).containsExactly(JobState.RUNNING, JobState.PAUSED);
        assertThat(control.steps).extracting(StepRecord::reason).contains(ReasonCode.PAUSING);
        assertThat(control.calls).doesNotContain("cleanup");
        record("paused");

        assertThat(workflow(NEXT).run(NEXT)).returns(JobState.COMPLETED, Outcome::state);
        record(NEXT, "resumed");
    }

    @Test
    void pausesWhileAnOutputIsWritten() {
        CompressionWorkflow workflow = workflow();
        CompletableFuture<Outcome> outcome =
                runUntil(trouble -> control.assemblyTrouble = trouble, FakeWorker::untilCancelled, workflow);

        workflow.pause();

        assertThat(outcome).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(Outcome.paused());
    }

    @Test
    void aCancelOutranksAPause() {
        CountDownLatch answer = new CountDownLatch(1);
        FakeWorker.Trouble deaf = () -> {
            // Answers a stop only when the test wants it.
            await(answer);
            FakeWorker.untilCancelled();
        };
        CompressionWorkflow workflow = workflow();
        CompletableFuture<Outcome> outcome = runUntil(device.trouble::add, deaf, workflow);

        workflow.pause();
        workflow.cancel();
        answer.countDown();

        assertThat(outcome).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(Outcome.cancelled());
        assertThat(control.states()).containsExactly(JobState.RUNNING, JobState.CANCELLING, JobState.CANCELLED);
        assertThat(control.calls.getLast()).isEqualTo("cleanup");
    }

    /** The job, once the trouble has begun. */
    private static CompletableFuture<Outcome> runUntil(
            Consumer<FakeWorker.Trouble> place, FakeWorker.Trouble trouble, CompressionWorkflow workflow) {
        CountDownLatch begun = new CountDownLatch(1);
        place.accept(() -> {
            begun.countDown();
            trouble.happen();
        });
        CompletableFuture<Outcome> outcome = WorkflowClient.execute(workflow::run, JOB);
        await(begun);
        return outcome;
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private CompressionWorkflow workflow() {
        return workflow(JOB);
    }

    private CompressionWorkflow workflow(JobRef job) {
        return harness.workflow(job);
    }
}
