package dev.quern.workflows;

/**
 * How urgent the next piece of a job's work is, as Temporal counts: 1 comes first, 5 last. What a job has had already
 * makes the rest of it wait for jobs that had less, so that a small job is not behind all pieces of a large one.
 */
final class Turns {
    private static final int LAST = 5;

    private long taken;

    /** The first piece, then up to 4, 16, 64, and all others. */
    int next() {
        int level = 1;
        for (long bound = 1; level < LAST && taken >= bound; bound *= 4) {
            level++;
        }
        taken++;
        return level;
    }
}
