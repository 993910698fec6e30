package dev.quern.proofs;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One death.
 *
 * @param place where a process is held while the victim is killed, and which time that it gets there; null for a random
 *     time
 * @param fraction of the time that an undisturbed job takes, where there is no place
 */
record Trial(@Nullable String place, double fraction, Victim victim) {
    private static final List<String> STEPS =
            List.of("inspect", "plan", "trace", "compress", "assemble", "verify", "evaluate", "publish", "completed");
    /** What a worker passes, then what the main process passes; see FailPoint. */
    private static final List<String> PLACES = List.of(
            "stream.before",
            "stream.after",
            "block.before",
            "block.after",
            "block.before:3",
            "block.after:4",
            "figures.before",
            "figures.after",
            "submit.before",
            "submit.within",
            "submit.after",
            "start.before",
            "start.within",
            "start.after",
            "document.before",
            "document.after",
            "board.before",
            "board.after",
            "mark.before",
            "mark.after",
            "mark.before:2",
            "mark.after:2",
            "report.before",
            "report.after",
            "publish.before",
            "publish.after",
            "publish.after:3",
            "manifest.before",
            "manifest.after",
            "cleanup.before",
            "cleanup.within",
            "cleanup.after");

    /** Those of a block that is made in steps. */
    private static final List<String> STEPS_OF_BLOCKS = List.of(
            "statistics.before",
            "statistics.after",
            "statistics.after:3",
            "part.before",
            "part.after",
            "part.after:4",
            "block.before:2",
            "settle.within",
            "settle.within:2");

    /** Those of a job that computes gradients. */
    private static final List<String> STEPS_OF_GRADIENTS = List.of(
            "stream.before",
            "stream.after:3",
            "sketch.before",
            "sketch.after",
            "sketch.after:20",
            "gradient.before",
            "gradient.after",
            "gradient.after:2",
            "step.before.gradient",
            "step.within.gradient",
            "step.after.gradient",
            "block.before:2");

    /** Each of the victims dies while some process stands at each of the places. */
    static List<Trial> atPlaces(Set<Victim> victims) {
        Stream<String> steps = STEPS.stream()
                .flatMap(step -> Stream.of("before", "within", "after").map(when -> "step." + when + "." + step));
        return at(Stream.concat(PLACES.stream(), steps), victims);
    }

    /** The same at the places that only a job with a sequential recipe passes. */
    static List<Trial> inSharedBlocks(Set<Victim> victims) {
        return at(STEPS_OF_BLOCKS.stream(), victims);
    }

    /** The same at the places that only a job with gradients passes. */
    static List<Trial> inGradients(Set<Victim> victims) {
        return at(STEPS_OF_GRADIENTS.stream(), victims);
    }

    private static List<Trial> at(Stream<String> places, Set<Victim> victims) {
        return places.flatMap(place -> victims.stream().map(victim -> new Trial(place, 0, victim)))
                .toList();
    }

    static List<Trial> atRandom(long seed, int count, Set<Victim> among) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Victim> victims = List.copyOf(among);
        List<Trial> trials = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Victim victim = victims.get(random.nextInt(victims.size()));
            trials.add(new Trial(null, random.nextDouble(), victim));
        }
        return trials;
    }

    /** As the table names it. */
    String when() {
        return place == null ? "at %.0f %% of the job".formatted(fraction * 100) : place;
    }
}
