package dev.quern.control.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.control.ServiceHarness;
import dev.quern.control.job.JobArtifacts;
import dev.quern.control.job.JobContexts;
import dev.quern.engine.artifact.ArtifactName.Lifetime;
import dev.quern.inputs.Plans;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.Yaqa;
import dev.quern.recipes.Yaqa.InputFactor;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Jobs whose recipes need the gradients of the original model. */
@Timeout(400)
class GradientStageTest {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    /** Four tiles: three runs whose sums are added, and one that is held out. */
    private static final JobRequest REQUEST = ServiceHarness.request(128, 4, null);

    @RegisterExtension
    final ServiceHarness service = new ServiceHarness();

    private static Recipe yaqa(int bits) {
        Recipe usual = Recipes.find("yaqa-w4a16");
        Yaqa few = new Yaqa(InputFactor.FISHER, 0.01, List.of(0.0, 0.5), 1, null, Order.STATIC, 0);
        Recipe.Grid grid =
                new Recipe.Grid(bits, Recipe.Grid.AUTO, true, usual.grid().clipSearch());
        return new Recipe("yaqa", usual.propagation(), grid, few, true);
    }

    /**
     * A worker dies when half of a block's sums are stored; the job still ends with the bytes of an undisturbed one.
     */
    @Test
    void aDeathInAWalkBackChangesNoByteAndAnotherWidthStartsFromItsSums() throws Exception {
        Process first = service.startWorkerThatDies("first", "sketch.after:9", LIMIT);
        Job disturbed = service.submit("default", REQUEST, yaqa(4));
        assertThat(first.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(list("default", "sketch-")).isNotEmpty();
        service.startWorker();
        Job end = service.awaitEnd(disturbed.id(), LIMIT);
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        List<Entry> sketches = list("default", "sketch-");

        assertThat(sketches)
                .as("four blocks, seven linears, two sides, four runs")
                .hasSize(4 * 7 * 2 * 4);
        assertThat(Stream.of("stream-", "gradient-").flatMap(kind -> list("default", kind).stream()))
                .as("on the way")
                .isEmpty();
        Report report = report(end.id());
        assertThat(report.linears())
                .extracting(linear -> linear.figures().twoSided())
                .doesNotContainNull();
        assertThat(report.times().secondsPerStage()).containsKeys("TRACE", "GRADIENT", "COMPRESS");

        Job narrow =
                service.awaitEnd(service.submit("default", REQUEST, yaqa(2)).id(), LIMIT);
        assertThat(narrow.state()).isIn(JobState.COMPLETED, JobState.QUARANTINED);
        assertThat(list("default", "sketch-"))
                .as("with etags and times: none was made again, and no other one")
                .containsExactlyInAnyOrderElementsOf(sketches);

        assertThat(artifacts(end).keys(Lifetime.RESULT))
                .as("what retention keeps, by the plan alone")
                .containsAll(sketches.stream().map(Entry::key).toList());
        Job alone = service.awaitEnd(service.submit("other", REQUEST, yaqa(4)).id(), LIMIT);
        assertThat(alone.outputs().getFirst().digest())
                .isEqualTo(end.outputs().getFirst().digest());
    }

    /** One run, which one worker walks, and the one held out, which is iterated by itself. */
    @Test
    void aPowerIterationHasTwoRunsWhateverTheWorkers() throws Exception {
        service.startWorker();
        service.startWorker();
        Recipe windows = yaqa(4);
        Yaqa tokens = new Yaqa(
                InputFactor.FISHER, 0.01, List.of(0.0, 0.5), 1, null, Order.STATIC, 0, new Yaqa.Sketch.Tokens(3));
        Recipe recipe = new Recipe("yaqa", windows.propagation(), windows.grid(), tokens, true);

        Job job = service.awaitEnd(service.submit("default", REQUEST, recipe).id(), LIMIT);

        assertThat(job.state()).as("%s", job.remarks().failure()).isEqualTo(JobState.COMPLETED);
        List<Entry> sketches = list("default", "sketch-");
        assertThat(sketches)
                .as("four blocks, seven linears, two sides, two runs")
                .hasSize(4 * 7 * 2 * 2);
        assertThat(artifacts(job).keys(Lifetime.RESULT))
                .containsAll(sketches.stream().map(Entry::key).toList());
        assertThat(report(job.id()).linears())
                .extracting(linear -> linear.figures().twoSided())
                .doesNotContainNull();
    }

    @Test
    void tooShortATextIsRefusedBeforeAnyWork() throws Exception {
        service.startWorker();
        Job job = service.submit("default", ServiceHarness.request(64, 4, null), Recipes.find("yaqa-w4a16"));

        Job end = service.awaitEnd(job.id(), LIMIT);

        assertThat(end.state()).isEqualTo(JobState.REJECTED);
        assertThat(end.remarks().failure()).isNotNull();
        assertThat(end.remarks().failure().code()).isEqualTo(ErrorCode.INVALID_DATASET.slug());
        assertThat(end.remarks().failure().message())
                .contains("64 windows of 128 tokens, of which 32 are held out (expected: at least 128 besides");
        assertThat(list("default", "")).isEmpty();
    }

    /** What the job's plan names, when its texts are gone. */
    private JobArtifacts artifacts(Job job) throws IOException {
        for (Entry text : service.store().list("t/default/datasets/")) {
            service.store().delete(text.key(), text.etag());
        }
        Entry plan =
                service.store().list("t/default/jobs/" + job.id() + "/plan-").getFirst();
        return new JobArtifacts(
                service.bean(JobContexts.class),
                Keys.of("default"),
                Plans.parse(service.store().read(plan.key())));
    }

    private List<Entry> list(String tenant, String kind) {
        try {
            return service.store().list("t/" + tenant + "/artifacts/" + kind);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Report report(UUID job) {
        String json = service.rows().reports().find(job, 0).orElseThrow();
        return RecordCodec.read(Json.parse(json), Report.class);
    }
}
