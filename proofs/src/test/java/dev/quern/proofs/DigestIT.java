package dev.quern.proofs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.JobRequest;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import dev.quern.testing.Table;
import dev.quern.testing.TestBackends;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One digest, no matter which workers make the blocks: one worker or three, on one core or two, some late, one killed,
 * one joining in the middle. On real servers the store is in S3, and the first row, of an embedded stack, is in a
 * folder.
 */
@Tag("slow")
class DigestIT {
    private static final int BLOCKS = 12;
    private static final int SEGMENTS = 4;
    /** So many that a worker which joins late, and needs seconds to start, still finds half of the work. */
    private static final int WINDOWS = 384;

    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final long LONGEST_DELAY_MILLIS = 3_000;
    private static final String ALL_CORES = "0-1";
    private static final List<Case> CASES = List.of(
            new Case(1, "0", false),
            new Case(1, ALL_CORES, false),
            new Case(2, "0", false),
            new Case(2, ALL_CORES, false),
            new Case(3, ALL_CORES, false),
            new Case(3, ALL_CORES, true));

    private static final List<Case> FEWER_CASES = List.of(CASES.get(1), CASES.get(4), CASES.get(5));

    @TempDir
    Path model;

    /**
     * @param workers of which all but one join after the job has begun, each after a delay of its own
     * @param cores of all processes together, as {@code taskset -c} takes them
     * @param exchange whether one of them is killed in the middle, and another one joins
     */
    private record Case(int workers, String cores, boolean exchange) {
        String events() {
            return exchange ? "one killed, one joins" : workers == 1 ? "" : "join after a random delay";
        }
    }

    /** As {@link Installation#start}. */
    @FunctionalInterface
    private interface Starter {
        Installation start(List<String> before, int workers) throws Exception;
    }

    @Test
    void ofAnyWorkersOnAnyCores() throws Exception {
        agree("digests", CASES, Client.request(model, WINDOWS, 512, SEGMENTS));
    }

    /** Sums of gradients over runs of text are added in order, whichever worker made them. */
    @Test
    void ofAnyWorkersWithGradients() throws Exception {
        agree("digests-of-gradients", FEWER_CASES, Client.gradients(model, WINDOWS, 256, SEGMENTS));
    }

    /** Each block is shared by the workers that are there. */
    @Test
    void ofAnyWorkersOneBlockAfterTheOther() throws Exception {
        agree("digests-of-shared-blocks", FEWER_CASES, Client.sequential(model, WINDOWS, 512, SEGMENTS));
    }

    @Test
    void ofAnyWorkersWithGradientsOneBlockAfterTheOther() throws Exception {
        agree("digests-of-gradients-and-shared-blocks", FEWER_CASES, Client.lite(model, WINDOWS, 256, SEGMENTS));
    }

    @Test
    void ofAnyWorkersWithMasks() throws Exception {
        agree("digests-of-masks", FEWER_CASES, Client.pruned(model, WINDOWS, 512, SEGMENTS));
    }

    private void agree(String name, List<Case> cases, JobRequest request) throws Exception {
        long seed = RandomGenerator.getDefault().nextLong();
        SplittableRandom random = new SplittableRandom(seed);
        Models.repeat(model, BLOCKS);
        Table table = new Table(name, "store", "workers", "cores", "events", "makers", "seconds", "digest");
        table.note("%d blocks in %d segments, seed %d".formatted(BLOCKS, SEGMENTS, seed));
        Set<String> digests = new HashSet<>();
        try {
            if (TestBackends.external()) {
                digests.add(run("folder", EmbeddedInstallation::new, cases.getFirst(), request, random, table));
            }
            for (Case one : cases) {
                digests.add(run(
                        TestBackends.external() ? "S3" : "folder", Installation::start, one, request, random, table));
            }
        } finally {
            table.write();
        }
        assertThat(digests).hasSize(1);
    }

    private String run(
            String store, Starter starter, Case one, JobRequest request, SplittableRandom random, Table table)
            throws Exception {
        List<Process> joined = new ArrayList<>();
        try (Installation installation = starter.start(List.of("taskset", "-c", one.cores()), 1)) {
            Client client = new Client(installation, HttpClient.newHttpClient());
            long begin = System.nanoTime();
            String job = client.submit(request, LIMIT);
            for (int worker = 1; worker < one.workers(); worker++) {
                Thread.sleep(random.nextLong(LONGEST_DELAY_MILLIS));
                joined.add(installation.join(1));
            }
            if (one.exchange()) {
                exchange(installation, client, job, joined);
            }
            assertThat(Patience.until(LIMIT, () -> Client.over(client.job(job))))
                    .isTrue();
            double seconds = Patience.secondsSince(begin);
            JobView end = client.job(job);
            assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
            List<Report.Maker> makers = client.report(job).origin().makers();
            table.add(
                    store,
                    one.workers(),
                    one.cores(),
                    one.events(),
                    makers.stream().map(maker -> maker.blocks().size()).toList(),
                    "%.0f".formatted(seconds),
                    end.first().outputDigest());
            assertThat(makers).hasSizeGreaterThanOrEqualTo(Math.min(2, one.workers()));
            return String.valueOf(end.first().outputDigest());
        } finally {
            joined.forEach(Process::destroyForcibly);
        }
    }

    /** Once several have made blocks, one dies and a new one comes. */
    private static void exchange(Installation installation, Client client, String job, List<Process> joined)
            throws Exception {
        assertThat(Patience.until(LIMIT, () -> client.job(job).progress().blocksDone() >= SEGMENTS))
                .isTrue();
        joined.getFirst().destroyForcibly().waitFor();
        joined.add(installation.join(1));
    }
}
