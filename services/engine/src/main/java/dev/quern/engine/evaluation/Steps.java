package dev.quern.engine.evaluation;

import dev.quern.engine.Cancellation;

/** Counts steps, and stops between two of them on request. */
final class Steps {
    private final Progress progress;
    private final Cancellation cancellation;
    private final int total;
    private int done;

    Steps(int total, Progress progress, Cancellation cancellation) {
        this.total = total;
        this.progress = progress;
        this.cancellation = cancellation;
    }

    Cancellation cancellation() {
        return cancellation;
    }

    /** One more step is over. */
    void next() {
        done++;
        progress.at(done, total);
        cancellation.check();
    }
}
