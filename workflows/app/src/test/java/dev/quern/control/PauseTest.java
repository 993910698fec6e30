package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.testing.Await;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A job that its owner pauses and resumes, or retries, makes only what is missing, whichever process dies in between.
 */
@Timeout(300)
class PauseTest {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    /** A dead worker's word is waited for so long; then some time to write it down. */
    private static final Duration STOP = Duration.ofSeconds(60);

    private static final Recipe RECIPE = BlockProbe.independent("gptq-w4a16");
    private static final Recipe OTHER_RECIPE = BlockProbe.independent("gptq-w3a16");
    private static final JobRequest REQUEST = ServiceHarness.request(192, 4, null);

    @RegisterExtension
    final ServiceHarness service = new ServiceHarness();

    private final BlockProbe made = new BlockProbe(service, LIMIT);

    /** A job with two outputs: a block that was there has both of them still. */
    @Test
    void goesOnAfterTheLossOfEveryProcess() throws Exception {
        Process first = service.startWorkerProcess("first");
        Job job = service.submit(REQUEST, List.of(RECIPE, OTHER_RECIPE));
        made.awaitSome(job.id());
        pause(job);
        List<Entry> before = made.blocks();
        first.destroyForcibly().waitFor();
        service.loseTemporal();
        service.killPostgres();
        service.restartControl();
        assertStaysPaused(job.id());

        service.rows().jobs().resume(job.tenant(), job.id());
        service.startWorker();

        Job end = service.awaitEnd(job.id(), LIMIT);
        assertThat(made.blocks()).hasSize(2 * end.progress().blocks());
        assertThat(end.run().idleGenerations()).isZero();
        assertCompletedFrom(before, end, 2);
        assertThat(end.outputs().getLast().digest()).isEqualTo(made.undisturbed(REQUEST, OTHER_RECIPE));
    }

    @Test
    void aPauseWhoseWorkflowIsLostStands() throws Exception {
        Job job = service.submit(REQUEST, RECIPE);
        service.await(job.id(), LIMIT, now -> now.stage() == Stage.PLAN);

        service.rows().jobs().pause(job.tenant(), job.id());
        service.loseTemporal();

        service.await(job.id(), STOP, now -> now.state() == JobState.PAUSED);
        assertStaysPaused(job.id());
    }

    @Test
    void aJobThatWaitsForAWorkerIsPausedAndCancelled() throws Exception {
        Job job = service.submit(REQUEST, RECIPE);
        service.await(job.id(), LIMIT, now -> now.stage() == Stage.PLAN);
        pause(job);
        assertThat(service.store().list(Keys.of("default").jobs(job.id().toString())))
                .as("what the next generation continues from")
                .isEmpty();

        assertThat(service.rows().jobs().pause(job.tenant(), job.id()))
                .as("again")
                .isTrue();
        assertStaysPaused(job.id());
        service.rows().jobs().cancel(job.tenant(), job.id());

        Job end = service.awaitEnd(job.id(), STOP);
        assertThat(end.state()).isEqualTo(JobState.CANCELLED);
        assertThat(service.folder().resolve("scratch/control/job-" + job.id())).doesNotExist();
    }

    @Test
    void aPauseWhileItIsEvaluatedKeepsAllBlocks() throws Exception {
        service.startWorker();
        JobRequest request = ServiceHarness.request(8, 256, null);
        Job job = service.submit(request, RECIPE);
        service.await(job.id(), LIMIT, now -> now.stage() == Stage.EVALUATE);
        pause(job);
        List<Entry> before = made.blocks();
        assertThat(service.find(job.id()).stage()).isEqualTo(Stage.EVALUATE);

        service.rows().jobs().resume(job.tenant(), job.id());

        Job end = service.awaitEnd(job.id(), LIMIT);
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(made.blocks()).isEqualTo(before);
        assertThat(end.progress().reusedBlocks()).isEqualTo(end.progress().blocks());
    }

    @Test
    @DisabledIfSystemProperty(
            named = "quern.backends",
            matches = "external",
            disabledReason = "a real server forgets nothing")
    void aFailedJobKeepsWhatItMadeAndARetryMakesTheRest() throws Exception {
        Process worker = service.startWorkerProcess("first");
        Job job = service.submit(REQUEST, RECIPE);
        List<Entry> before = made.awaitSome(job.id());
        worker.destroyForcibly().waitFor();
        loseGenerationsUntilItFails(job.id());
        assertThat(made.blocks()).containsAll(before);
        assertThat(service.store().list(Keys.of("default").jobs(job.id().toString())))
                .as("plan and profile")
                .isNotEmpty();
        int failed = service.find(job.id()).run().generation();

        service.restartControl();
        assertThat(service.rows().jobs().retry(job.tenant(), job.id())).isTrue();
        service.startWorker();

        assertCompletedFrom(before, service.awaitEnd(job.id(), LIMIT), failed + 1);
        assertThat(service.find(job.id()).remarks().failure()).isNull();
    }

    /** As a cluster does in which no workflow lives long enough. */
    private void loseGenerationsUntilItFails(UUID job) throws Exception {
        while (!service.find(job).state().terminal()) {
            int lost = service.find(job).run().generation();
            service.rows().steps().computing(job, lost);
            service.loseTemporal();
            service.await(
                    job,
                    LIMIT,
                    now -> (now.run().generation() > lost && now.run().started())
                            || now.state().terminal());
        }
        assertThat(service.find(job).state()).isEqualTo(JobState.FAILED);
    }

    private void pause(Job job) throws Exception {
        assertThat(service.rows().jobs().pause(job.tenant(), job.id())).isTrue();
        service.await(
                job.id(),
                STOP,
                now -> now.state() == JobState.PAUSED || now.state().terminal());
        assertThat(service.find(job.id()).state()).isEqualTo(JobState.PAUSED);
    }

    /** For a few rounds of the reconciler. */
    private void assertStaysPaused(UUID job) {
        int generation = service.find(job).run().generation();
        Await.within(STOP, "job " + job + " stays as it is")
                .during(Duration.ofSeconds(2))
                .until(
                        () -> service.find(job),
                        now -> now.state() == JobState.PAUSED && now.run().generation() == generation);
    }

    private void assertCompletedFrom(List<Entry> before, Job end, int generation) throws Exception {
        made.assertCompletedFrom(before, end, generation);
        assertThat(end.outputs().getFirst().digest()).isEqualTo(made.undisturbed(REQUEST, RECIPE));
    }
}
