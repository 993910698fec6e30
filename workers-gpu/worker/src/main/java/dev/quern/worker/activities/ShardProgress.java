package dev.quern.worker.activities;

import dev.quern.contract.Heartbeat;
import dev.quern.engine.evaluation.Progress;
import dev.quern.recipes.job.Stage;
import java.util.List;

/** Listens to an evaluation for its heartbeats; tells how far all shards are, which workers take in order. */
final class ShardProgress implements Progress {
    private final int index;
    private final int shards;
    private volatile double fraction;
    private volatile long counter;

    /** @param index of this shard among all */
    ShardProgress(int index, int shards) {
        this.index = index;
        this.shards = shards;
    }

    @Override
    public void at(int done, int total) {
        fraction = (index + (double) done / total) / shards;
        counter = done;
    }

    long counter() {
        return counter;
    }

    Heartbeat heartbeat() {
        return new Heartbeat(Stage.EVALUATE, -1, 0, fraction, List.of());
    }
}
