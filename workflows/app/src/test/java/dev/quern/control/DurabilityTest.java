package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Whatever dies in the middle of a job, the job completes, committed blocks are not made again, and the result has the
 * bytes of an undisturbed run.
 */
@Timeout(300)
class DurabilityTest {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    /**
     * Seconds on an idle machine. Less than a workflow waits for a worker that does not answer, so that an answer is
     * what is seen.
     */
    private static final Duration CANCELLED = Duration.ofSeconds(25);

    private static final Recipe RECIPE = BlockProbe.independent("gptq-w4a16");
    /** Long enough that there is a middle to die in. */
    private static final JobRequest REQUEST = ServiceHarness.request(192, 4, null);

    private static @Nullable String undisturbed;

    @RegisterExtension
    final ServiceHarness service = new ServiceHarness();

    private final BlockProbe made = new BlockProbe(service, LIMIT);

    @Test
    void survivesAWorkerThatIsKilled() throws Exception {
        Process first = service.startWorkerProcess("first");
        Job job = service.submit(REQUEST, RECIPE);
        List<Entry> before = made.awaitSome(job.id());
        first.destroyForcibly().waitFor();
        service.startWorkerProcess("second");

        assertCompletedFrom(before, service.awaitEnd(job.id(), LIMIT), 1);
    }

    /**
     * Slices of many blocks: a worker that took over an interrupted one would find its blocks, and count them as
     * reused.
     */
    @Test
    void aWorkerThatIsAskedToEndStoresItsBlockFirst() throws Exception {
        service.restartControl(Map.of("quern.slice", "1h"));
        Process first = service.startWorkerProcess("first", "--lifetime", "signal", "--grace", "120");
        Job job = service.submit(REQUEST, RECIPE);
        List<Entry> before = made.awaitSome(job.id());
        first.destroy();
        assertThat(first.waitFor(120, TimeUnit.SECONDS)).isTrue();
        List<Entry> handedOver = made.blocks();

        service.startWorker();

        assertThat(handedOver).containsAll(before);
        Job end = service.awaitEnd(job.id(), LIMIT);
        assertCompletedFrom(handedOver, end, 1);
        assertThat(end.progress().reusedBlocks()).isZero();
    }

    @Test
    void survivesTheDeathOfTemporal() throws Exception {
        survives(service::loseTemporal, service.generationAfterLoss());
    }

    /** As in the embedded stack, where one process holds Temporal and the control process. */
    @Test
    void survivesTheDeathOfTheMainProcess() throws Exception {
        Disaster death = () -> {
            service.loseTemporal();
            service.restartControl();
        };
        survives(death, service.generationAfterLoss());
    }

    @Test
    void survivesTheDeathOfPostgres() throws Exception {
        survives(service::killPostgres, 1);
    }

    private interface Disaster {
        void strike() throws Exception;
    }

    /** The worker lives on. */
    private void survives(Disaster disaster, int generation) throws Exception {
        service.startWorker();
        Job job = service.submit(REQUEST, RECIPE);
        List<Entry> before = made.awaitSome(job.id());

        disaster.strike();

        assertCompletedFrom(before, service.awaitEnd(job.id(), LIMIT), generation);
    }

    @Test
    void cancelsWithinSecondsAndFreesTheWorker() throws Exception {
        service.startWorker();
        Job job = service.submit(REQUEST, RECIPE);
        made.awaitSome(job.id());

        service.rows().jobs().cancel(job.tenant(), job.id());
        Job end = service.awaitEnd(job.id(), CANCELLED);

        assertThat(end.state()).isEqualTo(JobState.CANCELLED);
        assertThat(service.store()
                        .list(Keys.of("default")
                                .outputs(job.outputs().getFirst().prefix())))
                .isEmpty();
        Job next = service.submit(ServiceHarness.request(8, 4, null), "rtn-w4a16");
        assertThat(service.awaitEnd(next.id(), LIMIT).state()).isEqualTo(JobState.COMPLETED);
    }

    @Test
    void cancelsAJobThatNoWorkerTook() throws Exception {
        Job job = service.submit(REQUEST, RECIPE);
        service.await(job.id(), LIMIT, now -> now.remarks().reason() != null);
        assertThat(service.find(job.id()).remarks().reason())
                .satisfies(r -> assertThat(r.code()).isEqualTo(ReasonCode.WAITING_FOR_WORKER));

        service.rows().jobs().cancel(job.tenant(), job.id());

        assertThat(service.awaitEnd(job.id(), CANCELLED).state()).isEqualTo(JobState.CANCELLED);
    }

    @Test
    void makesADamagedBlockAgain() throws Exception {
        service.startWorker();
        Job first = service.awaitEnd(service.submit(REQUEST, RECIPE).id(), LIMIT);
        List<Entry> blocks = made.blocks();
        damage(blocks.get(1));

        Job again = service.awaitEnd(service.submit(REQUEST, RECIPE).id(), LIMIT);

        assertThat(again.state()).as("%s", again.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(again.outputs().getFirst().digest())
                .isEqualTo(first.outputs().getFirst().digest());
        assertThat(again.progress().reusedBlocks()).isPositive();
        assertThat(made.blocks()).hasSameSizeAs(blocks).contains(blocks.get(0)).doesNotContain(blocks.get(1));
        assertThat(service.bean(MeterRegistry.class)
                        .get("quern.artifacts.damaged")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void makesABlockAgainThatWasDeletedMeanwhile() throws Exception {
        service.startWorker();
        Job job = service.submit(ServiceHarness.request(192, 64, null), RECIPE);
        service.await(job.id(), LIMIT, now -> now.stage() == Stage.EVALUATE);
        List<Entry> blocks = made.blocks();
        Entry deleted = blocks.get(1);
        assertThat(service.store().delete(deleted.key(), deleted.etag())).isTrue();

        Job end = service.awaitEnd(job.id(), LIMIT);

        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(made.blocks()).extracting(Entry::key).containsExactlyElementsOf(keys(blocks));
        assertThat(end.outputs().getFirst().digest()).isEqualTo(undisturbed());
    }

    private static List<String> keys(List<Entry> entries) {
        return entries.stream().map(Entry::key).toList();
    }

    /** Temporal forgets its workflow, five times over, at whatever it is. */
    @Test
    @DisabledIfSystemProperty(
            named = "quern.backends",
            matches = "external",
            disabledReason = "a real server forgets nothing")
    void givesUpAJobThatNeverAddsABlock() throws Exception {
        Job job = service.submit(ServiceHarness.request(8, 4, null), RECIPE);
        for (int generation = 1; generation <= 5; generation++) {
            int current = generation;
            service.await(
                    job.id(),
                    LIMIT,
                    now -> now.run().generation() == current
                            && now.stage() != null
                            && now.run().started());
            service.loseTemporal();
        }

        Job end = service.awaitEnd(job.id(), LIMIT);
        assertThat(end.state()).isEqualTo(JobState.FAILED);
        assertThat(end.remarks().failure())
                .satisfies(f -> assertThat(f.message()).contains("did not add a single block or measurement"));
    }

    private void assertCompletedFrom(List<Entry> before, Job end, int generation) throws Exception {
        made.assertCompletedFrom(before, end, generation);
        assertThat(end.outputs().getFirst().digest()).isEqualTo(undisturbed());
    }

    /** The digest of the same job made from nothing; made once, it is the same for all tests. */
    private String undisturbed() throws Exception {
        if (undisturbed == null) {
            undisturbed = made.undisturbed(REQUEST, RECIPE);
        }
        return undisturbed;
    }

    /** Turns one bit of the payload, at the file's end. */
    private void damage(Entry entry) throws IOException {
        ArtifactStore store = service.store();
        byte[] bytes = store.read(entry.key());
        bytes[bytes.length - 1] ^= 1;
        store.delete(entry.key(), entry.etag());
        store.create(entry.key(), bytes);
    }
}
