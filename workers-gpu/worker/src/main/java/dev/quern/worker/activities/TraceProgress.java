package dev.quern.worker.activities;

import dev.quern.contract.Heartbeat;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.recipes.job.Stage;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Listens to a trace for its heartbeats; tells how far all runs are, which workers take in order. */
final class TraceProgress implements WalkListener {
    private final int index;
    private final int runs;
    private final double tiles;
    private volatile int block;
    private final AtomicLong counter = new AtomicLong();

    TraceProgress(PlanRef plan, TileRunRef run) {
        this.index = plan.traceRuns().indexOf(run);
        this.runs = plan.traceRuns().size();
        // Nothing behind the last start is traced.
        int forward = plan.segments().getLast().first();
        int backward = plan.gradients() == null
                ? 0
                : plan.gradients().segments().getLast().first();
        this.tiles = (double) (run.end() - run.first()) * Math.max(forward, backward);
    }

    @Override
    public void blockStarted(int started) {
        block = started;
    }

    @Override
    public void tileDone(int of) {
        counter.incrementAndGet();
    }

    long counter() {
        return counter.get();
    }

    Heartbeat heartbeat() {
        double fraction = (index + Math.min(1, counter.get() / tiles)) / runs;
        return new Heartbeat(Stage.TRACE, block, 0, fraction, List.of());
    }
}
