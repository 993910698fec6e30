package dev.quern.control.demand;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.Keys;
import dev.quern.control.BlockProbe;
import dev.quern.control.ServiceHarness;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.JobView;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A job that waits says for what and since when; it does not wait behind all of a larger one, nor for ever. */
@Timeout(400)
class WaitingTest {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    /** In seconds. */
    private static final int HOUR = 3600;

    private static final String RECIPE = "gptq-w4a16";
    private static final JobRequest SMALL = ServiceHarness.request(8, 4, null);
    /** A slice takes three seconds on a machine on which the small one, all told, takes as long. */
    private static final JobRequest LARGE =
            ServiceHarness.placed(ServiceHarness.request(3072, 4, null), new JobRequest.Placement(null, 4), null);

    @RegisterExtension
    final ServiceHarness service = new ServiceHarness();

    private final BlockProbe made = new BlockProbe(service, LIMIT);

    @Test
    void aSmallJobStartsWhileALargeOneIsUnderWay() throws Exception {
        service.startWorker();
        Job large = service.submit(LARGE, RECIPE);
        made.awaitSome(large.id());

        Job small = service.submit(SMALL, "rtn-w4a16");
        Job begun = service.await(
                small.id(),
                LIMIT,
                now -> now.state().terminal() || now.progress().blocksDone() > 0);
        Job then = service.find(large.id());

        assertThat(begun.state()).as("%s", begun.remarks().failure()).isNotEqualTo(JobState.FAILED);
        assertThat(then.state()).isEqualTo(JobState.RUNNING);
        assertThat(then.progress().blocksDone()).as("blocks of the large one").isLessThan(4);
        service.rows().jobs().cancel(large.tenant(), large.id());
        service.awaitEnd(large.id(), LIMIT);
        assertThat(service.awaitEnd(small.id(), LIMIT).state()).isEqualTo(JobState.COMPLETED);
    }

    @Test
    void aJobOfAClassWithoutWorkersSaysSoAndGivesUpInTime() throws Exception {
        service.startWorker();
        JobRequest request =
                ServiceHarness.placed(SMALL, new JobRequest.Placement("gpu", null), new JobRequest.Limits(HOUR, null));

        Job job = service.submit(request, RECIPE);
        JobView.Reason reason = awaitReason(job.id(), ReasonCode.WAITING_FOR_WORKER);

        assertThat(reason.remedy()).contains("class gpu");
        assertThat(reason.since()).isBefore(Instant.now());
        anHourPasses(job);
        Job end = service.awaitEnd(job.id(), LIMIT);
        assertThat(end.state()).isEqualTo(JobState.FAILED);
        assertThat(end.remarks().failure()).satisfies(failure -> {
            assertThat(failure.code()).isEqualTo("limit-exceeded");
            assertThat(failure.message()).contains("maxPendingSeconds").contains("expected: at most 3600");
        });
    }

    @Test
    void aJobThatAsksForNoClassIsDoneByWorkersOfAnyClass() throws Exception {
        service.startWorker("--class", "gpu");

        Job job = service.submit(SMALL, RECIPE);

        Job end = service.awaitEnd(job.id(), LIMIT);
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
    }

    @Test
    void aJobThatRanTooLongKeepsWhatItMade() throws Exception {
        Process worker = service.startWorkerProcess("first");
        Job job = service.submit(ServiceHarness.placed(LARGE, null, new JobRequest.Limits(null, HOUR)), RECIPE);
        service.await(job.id(), LIMIT, now -> now.state().terminal() || now.stage() == Stage.COMPRESS);
        // Without it the job runs for ever, however fast the machine is.
        worker.destroyForcibly().waitFor();
        anHourPasses(job);

        Job end = service.awaitEnd(job.id(), LIMIT);

        assertThat(end.state()).isEqualTo(JobState.FAILED);
        assertThat(end.remarks().failure())
                .satisfies(f -> assertThat(f.message()).contains("maxRuntimeSeconds"));
        assertThat(service.store().list(Keys.of("default").jobs(job.id().toString())))
                .as("plan and profile")
                .isNotEmpty();
        assertThat(service.rows().jobs().retry(job.tenant(), job.id())).isTrue();
        service.rows().jobs().cancel(job.tenant(), job.id());
        service.awaitEnd(job.id(), LIMIT);
    }

    @Test
    void aJobWhoseProfileIsGoneWaitsForItThoughOthersAreThere() throws Exception {
        Process worker = service.startWorkerProcess("first");
        Job job = service.submit(LARGE, RECIPE);
        made.awaitSome(job.id());
        worker.destroyForcibly().waitFor();
        service.startWorker("--backend", "java");

        JobView.Reason reason = awaitReason(job.id(), ReasonCode.WAITING_FOR_PROFILE);

        assertThat(reason.remedy()).contains("numeric profile").contains("reproducible: false");
        service.rows().jobs().cancel(job.tenant(), job.id());
        assertThat(service.awaitEnd(job.id(), LIMIT).state()).isEqualTo(JobState.CANCELLED);
    }

    @Test
    void aJobThatNeedNotBeReproducibleIsTakenByWorkersOfAnyProfile() throws Exception {
        Recipe strict = Recipes.find(RECIPE);
        Job job = service.submit(
                "default",
                SMALL,
                new Recipe(strict.name(), strict.propagation(), strict.grid(), strict.rounding(), false));
        service.await(job.id(), LIMIT, now -> now.stage() == Stage.PLAN);
        // As if its first plan had been made for workers that are gone.
        service.store()
                .create(
                        Keys.of("default").document(job.id().toString(), "profile"),
                        "0".repeat(64).getBytes(StandardCharsets.UTF_8));

        service.startWorker();

        Job end = service.awaitEnd(job.id(), LIMIT);
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
    }

    /** A real limit of a few seconds would be a race with the machine. */
    private void anHourPasses(Job job) {
        int changed = service.bean(JdbcClient.class)
                .sql(
                        "UPDATE job SET pending_since = pending_since - interval '1 hour', ran_seconds = ran_seconds + 3600"
                                + " WHERE id = :id")
                .param("id", job.id())
                .update();
        assertThat(changed).isEqualTo(1);
    }

    private JobView.Reason awaitReason(UUID job, ReasonCode code) {
        Job found = service.await(
                job,
                LIMIT,
                now -> now.state().terminal()
                        || (now.remarks().reason() != null
                                && now.remarks().reason().code() == code));
        assertThat(found.remarks().reason()).as("%s", found).isNotNull();
        return java.util.Objects.requireNonNull(found.remarks().reason());
    }
}
