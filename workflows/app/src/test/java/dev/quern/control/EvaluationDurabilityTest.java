package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Evaluations that are paused, cancelled or lost in the middle keep what they have measured. */
@Timeout(400)
class EvaluationDurabilityTest {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    /** In eight shards. */
    private static final int WINDOWS = 256;

    @RegisterExtension
    final ServiceHarness service = new ServiceHarness();

    @Test
    void aPausedOneContinuesFromItsShards() throws Exception {
        service.startWorker();
        JobRequest request = request();
        Job job = underWay(request);

        assertThat(service.rows().jobs().pause(job.tenant(), job.id())).isTrue();
        service.await(job.id(), LIMIT, now -> now.state() == JobState.PAUSED);
        List<Entry> stored = figures();
        assertThat(service.rows().jobs().resume(job.tenant(), job.id())).isTrue();

        Report report = report(completed(job));
        assertThat(figures()).as("shards that were there, as they were").containsAll(stored);
        assertThat(report.evaluations()).isEqualTo(undisturbed(request).evaluations());
    }

    @Test
    void aCancelledOneLeavesItsShardsToTheNext() throws Exception {
        service.startWorker();
        JobRequest request = request();
        Job job = underWay(request);

        assertThat(service.rows().jobs().cancel(job.tenant(), job.id())).isTrue();
        assertThat(service.awaitEnd(job.id(), LIMIT).state()).isEqualTo(JobState.CANCELLED);
        List<Entry> stored = figures();

        Report report = report(completed(service.evaluate(request)));
        assertThat(figures()).containsAll(stored);
        assertThat(report.evaluations()).isEqualTo(undisturbed(request).evaluations());
    }

    @Test
    @DisabledIfSystemProperty(
            named = "quern.backends",
            matches = "external",
            disabledReason = "a real server forgets nothing")
    void aLostGenerationThatMeasuredAShardIsNotIdle() throws Exception {
        Process worker = service.startWorkerProcess("first");
        Job job = underWay(request());

        assertThat(lose(job)).as("measured a shard").isZero();

        worker.destroyForcibly().waitFor();
        // What the worker had stored when it died counts once.
        lose(job);
        service.rows().steps().computing(job.id(), service.find(job.id()).run().generation());
        int before = service.find(job.id()).run().idleGenerations();
        assertThat(lose(job)).as("measured nothing more").isEqualTo(before + 1);

        service.startWorker();
        completed(job);
    }

    /** Temporal forgets the workflow; how many generations in a row were idle then. */
    private int lose(Job job) throws IOException {
        int lost = service.find(job.id()).run().generation();
        service.loseTemporal();
        service.await(
                job.id(),
                LIMIT,
                now -> now.run().generation() > lost && now.run().started());
        return service.find(job.id()).run().idleGenerations();
    }

    private JobRequest request() {
        Job made = completed(service.submit(ServiceHarness.request(8, 4, null), "rtn-w4a16"));
        JobRequest.Result result = JobRequest.Result.ofJob(made.id().toString(), 0);
        return ServiceHarness.evaluation(result, null, WINDOWS, null);
    }

    /** An evaluation that has stored some of its shards, but not all. */
    private Job underWay(JobRequest request) {
        int before = figures().size();
        Job job = service.evaluate(request);
        service.await(
                job.id(), LIMIT, now -> figures().size() > before || now.state().terminal());
        assertThat(service.find(job.id()).state()).as("still at work").isEqualTo(JobState.RUNNING);
        return job;
    }

    private Report undisturbed(JobRequest request) throws IOException {
        ArtifactStore store = service.store();
        for (Entry entry : figures()) {
            store.delete(entry.key(), entry.etag());
        }
        return report(completed(service.evaluate(request)));
    }

    private Job completed(Job job) {
        Job end = service.awaitEnd(job.id(), LIMIT);
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        return end;
    }

    private List<Entry> figures() {
        try {
            return service.store().list("t/default/figures/");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Report report(Job job) throws IOException {
        byte[] json = service.store().read(job.outputs().getFirst().location() + "quern-report.json");
        return RecordCodec.read(Json.parse(json), Report.class);
    }
}
