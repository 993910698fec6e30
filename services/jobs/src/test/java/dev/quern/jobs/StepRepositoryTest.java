package dev.quern.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class StepRepositoryTest {
    private final TestDatabase database = TestDatabase.shared();
    private final JobRepository jobs = new JobRepository(database.client(), database.transactions());
    private final StepRepository steps = new StepRepository(database.client(), database.transactions());
    private final EventRepository events = new EventRepository(database.client());

    @Test
    void aStepThatArrivesTwiceOrLateChangesNothing() throws InterruptedException {
        UUID id = queuedJob();
        List<Callable<Boolean>> race = new ArrayList<>(LongStream.rangeClosed(1, 32)
                .<Callable<Boolean>>mapToObj(seq -> () -> steps.project(id, Step.running(1, seq)))
                .toList());
        Collections.shuffle(race, new Random(1));

        try (ExecutorService projectors = Executors.newVirtualThreadPerTaskExecutor()) {
            projectors.invokeAll(race);
        }
        assertThat(jobs.find(id)).get().returns(32L, job -> job.run().seq());
        assertThat(steps.project(id, Step.running(1, 31))).isFalse();
        assertThat(steps.project(id, Step.running(1, 32))).isFalse();
        assertThat(events.after(id, 0, 100)).hasSize(1);
    }

    @Test
    void anOldGenerationCannotWriteAfterANewOne() {
        UUID id = queuedJob();
        steps.project(id, Step.of(1, 5, JobState.RUNNING, Stage.COMPRESS));
        assertThat(steps.nextGeneration(id, 1, 0)).isTrue();
        assertThat(steps.nextGeneration(id, 1, 0)).isFalse();
        steps.project(id, Step.of(2, 1, JobState.RUNNING, Stage.INSPECT));

        assertThat(steps.project(id, Step.of(1, 6, JobState.FAILED, Stage.COMPRESS)))
                .isFalse();
        assertThat(jobs.find(id)).get().returns(JobState.RUNNING, Job::state).returns(Stage.INSPECT, Job::stage);
    }

    @Test
    void aChangeAndItsEventsComeTogetherNumberedWithoutGaps() {
        UUID id = queuedJob();
        steps.project(id, Step.of(1, 1, JobState.RUNNING, Stage.INSPECT));
        steps.project(
                id, Step.of(1, 2, JobState.RUNNING, Stage.PLAN).because(new Step.Reason(ReasonCode.RETRYING, null)));
        steps.project(id, Step.of(1, 3, JobState.FAILED, null).failedWith("internal", "broken"));

        List<JobEvent> log = events.after(id, 0, 100);
        assertThat(log).extracting(JobEvent::id).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(log).extracting(JobEvent::type).containsExactly("state", "stage", "stage", "reason", "state");
        assertThat(log.get(4).data()).containsEntry("state", "FAILED").containsEntry("message", "broken");
        assertThat(events.after(id, 4, 100)).extracting(JobEvent::id).containsExactly(5L);
        assertThat(jobs.find(id)).get().returns(5L, Job::lastEvent);
        assertThat(jobs.find(id).orElseThrow().times().finishedAt()).isNotNull();
    }

    @Test
    void aJobStartsOnceHoweverOftenItsWorkBegins() {
        UUID id = queuedJob();
        assertThat(jobs.find(id)).get().returns(null, job -> job.times().startedAt());

        steps.project(id, Step.of(1, 1, JobState.RUNNING, Stage.INSPECT));
        Instant started = jobs.find(id).orElseThrow().times().startedAt();
        assertThat(started).isNotNull();

        steps.project(id, Step.of(1, 2, JobState.PAUSED, null));
        assertThat(steps.resume(id, 1)).isTrue();
        steps.project(id, Step.of(2, 1, JobState.RUNNING, Stage.INSPECT));
        assertThat(jobs.find(id)).get().returns(started, job -> job.times().startedAt());
    }

    @Test
    void noBlockIsInWorkWhenAStageBegins() {
        UUID id = queuedJob();
        BoardRepository board = new BoardRepository(database.client(), database.transactions());
        steps.project(id, Step.of(1, 1, JobState.RUNNING, Stage.COMPRESS));
        BoardRepository.Progress third = new BoardRepository.Progress(Stage.COMPRESS, 2, 0, 40);
        board.progress(id, third);
        board.remaining(id, Stage.COMPRESS, 9.0);

        steps.project(
                id,
                Step.of(1, 2, JobState.RUNNING, Stage.COMPRESS).because(new Step.Reason(ReasonCode.RETRYING, null)));
        assertThat(progress(id)).returns(2, JobView.Progress::block).returns(9.0, JobView.Progress::etaSeconds);

        steps.project(id, Step.of(1, 3, JobState.RUNNING, Stage.ASSEMBLE));
        // A heartbeat that was asked for before the stage began.
        board.progress(id, third);
        board.remaining(id, Stage.COMPRESS, 8.0);
        assertThat(progress(id)).returns(null, JobView.Progress::block).returns(9.0, JobView.Progress::etaSeconds);
    }

    /** How long it waits is not known. */
    @Test
    void aJobThatStandsStillDoesNotSayHowLongItTakes() {
        UUID id = queuedJob();
        BoardRepository board = new BoardRepository(database.client(), database.transactions());
        steps.project(id, Step.of(1, 1, JobState.RUNNING, Stage.COMPRESS));
        board.remaining(id, Stage.COMPRESS, 9.0);

        steps.waits(id, 1, new JobView.Reason(ReasonCode.QUEUED_BEHIND, Instant.now(), null));
        assertThat(progress(id)).returns(null, JobView.Progress::etaSeconds);

        board.remaining(id, Stage.COMPRESS, 9.0);
        steps.project(id, Step.of(1, 2, JobState.PAUSED, Stage.COMPRESS));
        board.remaining(id, Stage.COMPRESS, 8.0);
        assertThat(progress(id)).returns(null, JobView.Progress::etaSeconds);
    }

    @Test
    void whatThePlanPredictsIsKept() {
        UUID id = queuedJob();
        BoardRepository board = new BoardRepository(database.client(), database.transactions());
        assertThat(board.planned(id)).isEmpty();

        board.planned(id, Map.of("compress", 12.5, "evaluate", 3.0));

        assertThat(board.planned(id)).isEqualTo(Map.of("compress", 12.5, "evaluate", 3.0));
    }

    private JobView.Progress progress(UUID id) {
        return jobs.find(id).orElseThrow().progress();
    }

    @Test
    void aStageMovesTheProgressOnAndNeverBack() {
        UUID id = queuedJob();
        steps.project(id, Step.of(1, 1, JobState.RUNNING, Stage.VERIFY));
        steps.project(id, Step.of(1, 2, JobState.RUNNING, Stage.COMPRESS));

        assertThat(jobs.find(id).orElseThrow().progress().percent()).isEqualTo(Stage.VERIFY.percent());
    }

    @Test
    void aStateThatCannotFollowIsRefusedAndNothingIsWritten() {
        UUID id = queuedJob();
        steps.project(id, Step.of(1, 1, JobState.CANCELLED, null));

        assertThatThrownBy(() -> steps.project(id, Step.running(1, 2))).hasMessageContaining("CANCELLED (expected: ");
        assertThat(jobs.find(id)).get().returns(1L, job -> job.run().seq());
        assertThat(events.after(id, 0, 9)).hasSize(1);
    }

    @Test
    void aGenerationThatAddedNothingCountsAsIdle() {
        UUID id = queuedJob();
        BoardRepository board = new BoardRepository(database.client(), database.transactions());
        steps.nextGeneration(id, 1, 0);
        assertThat(jobs.find(id))
                .get()
                .as("never started")
                .returns(0, job -> job.run().idleGenerations());

        steps.project(id, Step.of(2, 1, JobState.RUNNING, Stage.INSPECT));
        steps.nextGeneration(id, 2, 0);
        assertThat(jobs.find(id))
                .get()
                .as("lost in INSPECT")
                .returns(1, job -> job.run().idleGenerations());

        steps.started(id, 3);
        steps.computing(id, 3);
        steps.nextGeneration(id, 3, 0);
        assertThat(jobs.find(id))
                .get()
                .as("lost at work")
                .returns(2, job -> job.run().idleGenerations());

        steps.started(id, 4);
        steps.computing(id, 4);
        board.put(
                id,
                new LinearView(0, "q", CellState.DONE, 8, 8, new LinearFigures(0.1, 0.2, 0.01, 0, null, 0, 0.9), 1.0));
        steps.nextGeneration(id, 4, 0);
        assertThat(jobs.find(id))
                .get()
                .as("added a block")
                .returns(0, job -> job.run().idleGenerations());

        steps.started(id, 5);
        steps.computing(id, 5);
        steps.nextGeneration(id, 5, 1);
        assertThat(jobs.find(id))
                .get()
                .as("measured a shard")
                .returns(0, job -> job.run().idleGenerations());

        steps.started(id, 6);
        steps.computing(id, 6);
        steps.nextGeneration(id, 6, 1);
        assertThat(jobs.find(id))
                .get()
                .as("measured nothing more")
                .returns(1, job -> job.run().idleGenerations());
    }

    @Test
    void aGenerationThatWaitedOrWasLeftInOrderDoesNotCountAsIdle() {
        UUID id = queuedJob();
        steps.project(id, Step.of(1, 1, JobState.RUNNING, Stage.COMPRESS));
        steps.waits(id, 1, new JobView.Reason(ReasonCode.WAITING_FOR_WORKER, Instant.now(), "Start one."));
        steps.nextGeneration(id, 1, 0);
        assertThat(jobs.find(id)).get().as("waited").returns(0, job -> job.run().idleGenerations());

        steps.project(id, Step.of(2, 1, JobState.RUNNING, Stage.INSPECT));
        steps.left();
        steps.nextGeneration(id, 2, 0);
        assertThat(jobs.find(id))
                .get()
                .as("left in order")
                .returns(0, job -> job.run().idleGenerations());

        steps.project(id, Step.of(3, 1, JobState.RUNNING, Stage.INSPECT));
        steps.left();
        steps.foundAgain(id, 3);
        steps.nextGeneration(id, 3, 0);
        assertThat(jobs.find(id))
                .get()
                .as("found again and then lost")
                .returns(1, job -> job.run().idleGenerations());
    }

    @Test
    void aJobAtItsEndIsToBeCleanedUpOnceInEachGeneration() {
        UUID id = queuedJob();
        assertThat(uncleaned(id)).isFalse();
        steps.project(id, Step.of(1, 1, JobState.FAILED, null));
        assertThat(uncleaned(id)).isTrue();

        String tenant = jobs.find(id).orElseThrow().tenant();
        assertThat(jobs.retry(tenant, id)).isTrue();
        steps.cleaned(id, 1);
        assertThat(uncleaned(id)).as("under way").isFalse();
        steps.project(id, Step.of(2, 1, JobState.CANCELLED, null));
        steps.cleaned(id, 1);
        assertThat(uncleaned(id)).as("a message of the generation before").isTrue();

        steps.cleaned(id, 2);
        assertThat(uncleaned(id)).isFalse();
    }

    private boolean uncleaned(UUID id) {
        return jobs.uncleaned().stream().anyMatch(job -> job.id().equals(id));
    }

    private UUID queuedJob() {
        Principal owner = new Principal("t" + UUID.randomUUID(), "tester", Set.of(Scope.SUBMIT));
        return jobs.submit(
                        new Submission(owner, null, "/models/m", null, "gptq-w4a16", "{}", "{}", Map.of(), false, null))
                .job()
                .id();
    }
}
