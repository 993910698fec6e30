package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The same bytes from any number of workers, even if some come and go. */
@Timeout(400)
class FanOutTest {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Recipe RECIPE = BlockProbe.independent("gptq-w4a16");
    private static final JobRequest ALONE = ServiceHarness.request(192, 4, null);
    private static final JobRequest FOUR_SEGMENTS =
            ServiceHarness.placed(ALONE, new JobRequest.Placement(null, 4), null);

    @RegisterExtension
    final ServiceHarness service = new ServiceHarness();

    private final BlockProbe made = new BlockProbe(service, LIMIT);

    @Test
    void workersThatDieAndJoinMakeTheBytesOfOneThatIsAlone() throws Exception {
        Process first = worker("first");
        Process second = worker("second");
        Job job = service.submit(FOUR_SEGMENTS, RECIPE);
        List<Entry> before = made.awaitSome(job.id());
        service.startWorker();
        awaitBlockOf(first, job.id());
        first.destroyForcibly().waitFor();

        Job end = service.awaitEnd(job.id(), LIMIT);

        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(made.blocks()).containsAll(before);
        Report report = report(job.id());
        assertThat(report.plan().segments()).isEqualTo(4);
        assertThat(report.origin().makers()).hasSizeGreaterThanOrEqualTo(2);
        List<Integer> blocks = report.origin().makers().stream()
                .flatMap(maker -> maker.blocks().stream())
                .toList();
        // Who was killed between a block and his word for it stays unknown; others find the block.
        assertThat(blocks).as("a block has one maker").doesNotHaveDuplicates().isSubsetOf(0, 1, 2, 3);
        assertThat(4 - blocks.size()).isLessThanOrEqualTo(end.progress().reusedBlocks());
        second.destroyForcibly().waitFor();
        assertThat(end.outputs().getFirst().digest()).isEqualTo(made.undisturbed(ALONE, RECIPE));
    }

    /** Asked to, not killed: it ends the block in work, and others make what is left, nothing twice. */
    @Test
    void aWorkerThatLeavesHandsItsSegmentsOn() throws Exception {
        Process first = worker("first", "--lifetime", "signal", "--grace", "120");
        worker("second");
        Job job = service.submit(FOUR_SEGMENTS, RECIPE);
        List<Entry> before = made.awaitSome(job.id());
        first.destroy();
        assertThat(first.waitFor(120, TimeUnit.SECONDS)).isTrue();

        Job end = service.awaitEnd(job.id(), LIMIT);

        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(made.blocks()).hasSize(4).containsAll(before);
        assertThat(end.progress().reusedBlocks()).isZero();
    }

    /** Until one of its blocks is in the store and the board knows whose it is; or the end, when others were faster. */
    private void awaitBlockOf(Process worker, UUID job) {
        String name = "cpu-" + worker.pid() + "-";
        service.await(job, LIMIT, now -> now.state().terminal() || hasMade(name, job));
    }

    private boolean hasMade(String worker, UUID job) {
        return service.rows().board().find(job).walk().stream()
                .filter(block -> String.valueOf(block.worker()).startsWith(worker))
                .map(block -> "/block-%05d-".formatted(block.block()))
                .anyMatch(name ->
                        made.blocks().stream().anyMatch(entry -> entry.key().contains(name)));
    }

    /** A worker that is ready for work. */
    private Process worker(String name, String... options) throws Exception {
        Process process = service.startWorkerProcess(name, options);
        service.awaitReady(process, name, LIMIT);
        return process;
    }

    private Report report(UUID job) {
        String json = service.rows().reports().find(job, 0).orElseThrow();
        return RecordCodec.read(Json.parse(json), Report.class);
    }
}
