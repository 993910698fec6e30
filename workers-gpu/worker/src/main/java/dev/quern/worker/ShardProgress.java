package dev.quern.worker;

import dev.quern.contract.Heartbeat;
import dev.quern.engine.evaluation.Progress;
import java.util.List;

/** Listens to an evaluation for its heartbeats. */
final class ShardProgress implements Progress {
    private volatile double fraction;
    private volatile long counter;

    @Override
    public void at(int done, int total) {
        fraction = (double) done / total;
        counter = done;
    }

    long counter() {
        return counter;
    }

    Heartbeat heartbeat() {
        return new Heartbeat("EVALUATE", -1, 0, 0, fraction, List.of());
    }
}
