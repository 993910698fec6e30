package dev.quern.control.reconcile;

import dev.quern.recipes.job.Stage;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How long the work of one job still takes: what its plan predicts for the work that is left, times how much longer
 * than predicted the work so far took. The plan tells how the stages compare, the work itself how fast this machine is
 * now. Time in which the job waits does not count. Confined to one thread.
 */
final class Pace {
    /** What the linears of a small model take to be compressed, in seconds beside those that follow from their size. */
    private static final double OVERHEAD = 1;
    /** Less work than this share of the whole says little about the rest. */
    private static final double SHORTEST = 0.05;

    private final Map<Stage, Double> planned = new EnumMap<>(Stage.class);
    private double from = -1;
    private double skipped;
    private double done;
    /** Seconds of work: all, and those up to the last time that some of it was done. */
    private double clock;

    private double measured;

    /** @param plan seconds by lower-case stage */
    Pace(Map<String, Double> plan) {
        for (Stage stage : Stage.values()) {
            Double predicted = plan.get(stage.word());
            if (predicted != null) {
                planned.put(stage, predicted);
            }
        }
        // An evaluation of a finished result has nothing to compress.
        planned.computeIfPresent(Stage.COMPRESS, (stage, predicted) -> predicted + OVERHEAD);
    }

    /**
     * Notes how far the job is.
     *
     * @param stage that it is in, behind its plan
     * @param fraction of that stage that is done
     * @param reused share of the compression that was there before
     * @param passed seconds of work since it was last noted
     */
    void at(Stage stage, double fraction, double reused, double passed) {
        double now = before(stage) + fraction * planned(stage);
        skipped = Math.max(skipped, reused * planned(Stage.COMPRESS));
        if (from < 0) {
            from = now;
        } else {
            clock += passed;
        }
        if (now != done) {
            done = now;
            measured = clock;
        }
    }

    /** Seconds of work; null while too little was seen to say. */
    @Nullable
    Double remaining() {
        double total = before(null);
        double worked = worked();
        if (from < 0 || worked < SHORTEST * total) {
            return null;
        }
        double then = measured / worked * (total - done);
        // Between two pieces of work the time runs down, but a piece that is late does not come any sooner.
        return Math.max(then - (clock - measured), then / 2);
    }

    /** Predicted seconds of the work that was seen being done. */
    private double worked() {
        double thereAtFirst = Math.max(0, from - before(Stage.COMPRESS));
        return done - from - Math.max(0, skipped - thereAtFirst);
    }

    private double planned(Stage stage) {
        return planned.getOrDefault(stage, 0.0);
    }

    /** Predicted seconds of all stages before this one; of all, before null. */
    private double before(@Nullable Stage end) {
        return planned.entrySet().stream()
                .filter(stage -> end == null || stage.getKey().compareTo(end) < 0)
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }
}
