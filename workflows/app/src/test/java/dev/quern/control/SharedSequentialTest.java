package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import dev.quern.worker.ComputeWorker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A sequential recipe: each block is made by all workers that are there, and by one to the same bytes. */
@Timeout(400)
class SharedSequentialTest {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Recipe RECIPE = Recipes.find("gptq-w4a16");
    /** Three tiles, three runs. */
    private static final JobRequest REQUEST = ServiceHarness.request(96, 4, null);

    private static final JobRequest ALONE = placed(1);
    private static final JobRequest SHARED = placed(2);

    @RegisterExtension
    final ServiceHarness service = new ServiceHarness();

    private final BlockProbe made = new BlockProbe(service, LIMIT);

    /**
     * It dies with a step half done: the sums of some work units are in the store, the others are made by who takes the
     * step over.
     */
    @Test
    void workersOfWhomOneDiesInAStepMakeTheBytesOfOneThatIsAlone() throws Exception {
        Process first = service.startWorkerThatDies("first", "statistics.after:6", LIMIT);
        Job job;
        Job end;
        try (ComputeWorker second = service.startWorker()) {
            job = service.submit("default", SHARED, RECIPE);
            assertThat(first.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
            List<Entry> before = made.blocks();

            end = service.awaitEnd(job.id(), LIMIT);

            assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
            assertThat(made.blocks()).hasSize(4).containsAll(before);
        }
        assertThat(end.progress())
                .returns(0, p -> p.reusedBlocks())
                .returns(end.progress().linears(), p -> p.linearsDone());
        assertThat(onTheWay()).as("what led to the blocks").isEmpty();
        assertMakers(report(job.id()), first);
        assertThat(end.outputs().getFirst().digest()).isEqualTo(made.undisturbed(ALONE, RECIPE));
    }

    /** The one that died has made a step at least, the other one a part of every block. */
    private static void assertMakers(Report report, Process died) {
        assertThat(report.origin().makers()).hasSize(2);
        Map<Boolean, List<Integer>> blocks = report.origin().makers().stream()
                .collect(Collectors.toMap(
                        maker -> maker.worker().startsWith("cpu-" + died.pid() + "-"), Report.Maker::blocks));
        assertThat(blocks.get(true)).as("of the one that died").isNotEmpty();
        assertThat(blocks.get(false)).containsExactly(0, 1, 2, 3);
    }

    @Test
    void whatACancelledJobHasOnTheWayIsDeleted() throws Exception {
        service.startWorker();
        Job job = service.submit("default", SHARED, RECIPE);
        service.await(
                job.id(),
                LIMIT,
                now -> now.state().terminal()
                        || onTheWay().stream().anyMatch(entry -> entry.key().contains("/statistics-")));

        service.rows().jobs().cancel(job.tenant(), job.id());

        assertThat(service.awaitEnd(job.id(), LIMIT).state()).isEqualTo(JobState.CANCELLED);
        assertThat(onTheWay()).isEmpty();
    }

    private List<Entry> onTheWay() {
        return Stream.of("statistics-", "part-", "stream-").flatMap(this::list).toList();
    }

    private Stream<Entry> list(String kind) {
        try {
            return service.store().list("t/default/artifacts/" + kind).stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Report report(UUID job) {
        String json = service.rows().reports().find(job, 0).orElseThrow();
        return RecordCodec.read(Json.parse(json), Report.class);
    }

    private static JobRequest placed(int segments) {
        return ServiceHarness.placed(REQUEST, new JobRequest.Placement(null, segments), null);
    }
}
