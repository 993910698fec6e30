package dev.quern.engine.plan;

import org.jspecify.annotations.Nullable;

/**
 * How the work is shared out. Changes no bit.
 *
 * @param workers that are there when the plan is made; others may come and go
 * @param segments as the owner of the job wishes; null leaves it to the planner
 * @param sliceSeconds after so long a worker stores its position and hands over; 0 is after every block
 */
public record Fanout(int workers, @Nullable Integer segments, double sliceSeconds) {
    /** One worker that never hands over. */
    public static final Fanout ALONE = new Fanout(1, null, Double.POSITIVE_INFINITY);

    public Fanout {
        check("workers", workers);
        if (segments != null) {
            check("segments", segments);
        }
    }

    private static void check(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
        }
    }
}
