package dev.quern.proofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.quern.recipes.JobRequest;
import dev.quern.testing.Table;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Kills every process with SIGKILL, at every place where something becomes durable and at random times. After each kill
 * the job ends with the same bytes as an undisturbed one, the store saw each block appear once, the log has no gap, and
 * no process is left over.
 */
@Tag("slow")
class KillMatrixIT {
    private static final int LANES = Integer.getInteger("quern.proofs.lanes", 4);
    private static final int KILLS = Integer.getInteger("quern.proofs.kills", 100);
    private static final long SEED = Long.getLong("quern.proofs.seed", 0);
    /** Little arithmetic: a death costs the same at any size. */
    private static final JobRequest SMALL = Client.request(Models.TINY, 8, 128, 2);

    private static final Set<Victim> VICTIMS = Installation.victims();
    private static final List<String> CHOSEN = words("quern.proofs.victims");
    private static final List<String> PLACES = words("quern.proofs.places");

    @Test
    void atTimesNobodyChose() throws Exception {
        long seed = SEED == 0 ? RandomGenerator.getDefault().nextLong() : SEED;
        Table table = table("kills-at-random");
        table.note("seed " + seed);
        suffer(SMALL, Trial.atRandom(seed, KILLS, VICTIMS), table);
    }

    @Test
    void atEveryPlace() throws Exception {
        suffer(SMALL, chosen(Trial.atPlaces(VICTIMS)), table("kills-at-places"));
    }

    /** A sequential recipe, whose blocks are made in steps. */
    @Test
    void atEveryPlaceOfASharedBlock() throws Exception {
        suffer(
                Client.sequential(Models.TINY, 64, 256, 2),
                chosen(Trial.inSharedBlocks(VICTIMS)),
                table("kills-in-shared-blocks"));
    }

    /** A recipe that walks the model back before it rounds any weight. */
    @Test
    void atEveryPlaceOfGradients() throws Exception {
        suffer(
                Client.gradients(Models.TINY, 96, 128, 2),
                chosen(Trial.inGradients(VICTIMS)),
                table("kills-in-gradients"));
    }

    private static List<Trial> chosen(List<Trial> trials) {
        return trials.stream()
                .filter(trial ->
                        CHOSEN.isEmpty() || CHOSEN.contains(trial.victim().name()))
                .filter(trial -> PLACES.isEmpty() || PLACES.stream().anyMatch(trial.when()::startsWith))
                .toList();
    }

    /** What a property names, with commas between; empty for all. */
    private static List<String> words(String property) {
        return Arrays.stream(System.getProperty(property, "").split(","))
                .filter(word -> !word.isBlank())
                .toList();
    }

    private static Table table(String name) {
        return new Table(name, "point", "process", "stage", "outcome", "recovery s");
    }

    private static void suffer(JobRequest request, List<Trial> trials, Table table) throws Exception {
        assumeThat(trials).as("a choice may leave none").isNotEmpty();
        Queue<Trial> rest = new ConcurrentLinkedQueue<>(trials);
        Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
        List<CompletableFuture<Void>> lanes = IntStream.range(0, LANES)
                .mapToObj(lane -> CompletableFuture.runAsync(
                        () -> work(request, rest, outcomes, table), Thread::startVirtualThread))
                .toList();
        try {
            CompletableFuture.allOf(lanes.toArray(CompletableFuture[]::new)).join();
        } finally {
            summarize(outcomes, table);
            table.write();
        }
        assertThat(outcomes).hasSameSizeAs(trials).allMatch(Outcome::holds);
    }

    private static void work(JobRequest request, Queue<Trial> rest, Queue<Outcome> outcomes, Table table) {
        try (Lane lane = new Lane(request)) {
            table.note("undisturbed: " + lane.baseline());
            for (Trial trial = rest.poll(); trial != null; trial = rest.poll()) {
                Outcome outcome = lane.run(trial);
                outcomes.add(outcome);
                table.add(
                        trial.when(),
                        trial.victim(),
                        outcome.stage(),
                        outcome.words(),
                        "%.1f".formatted(outcome.seconds()));
            }
        } catch (Exception e) {
            throw new IllegalStateException("a lane broke", e);
        }
    }

    private static void summarize(Queue<Outcome> outcomes, Table table) {
        Arrays.stream(Victim.values()).forEach(victim -> {
            List<Outcome> mine = outcomes.stream()
                    .filter(outcome -> outcome.trial().victim() == victim)
                    .toList();
            if (mine.isEmpty()) {
                return;
            }
            DoubleSummaryStatistics seconds =
                    mine.stream().mapToDouble(Outcome::seconds).summaryStatistics();
            table.note("%s: %d kills, %d as they should be, recovery %.1f s on average, %.1f s at most"
                    .formatted(
                            victim,
                            mine.size(),
                            mine.stream().filter(Outcome::holds).count(),
                            seconds.getAverage(),
                            seconds.getMax()));
        });
    }
}
