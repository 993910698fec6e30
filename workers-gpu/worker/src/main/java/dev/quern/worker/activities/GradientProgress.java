package dev.quern.worker.activities;

import dev.quern.contract.Heartbeat;
import dev.quern.contract.plan.GradientsRef;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.recipes.job.Stage;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Listens to a walk back for its heartbeats; tells how far all runs are. Workers take the last segment of each run in
 * order, then the segment before it of each run, and so on.
 */
final class GradientProgress implements WalkListener {
    private final double before;
    private final double whole;
    private final SliceRef segment;
    private final AtomicInteger block;
    /** Where the gradient stands. */
    private final AtomicInteger position;

    private final AtomicLong counter = new AtomicLong();

    /** @param slice what is left of a segment */
    GradientProgress(PlanRef plan, TileRunRef run, SliceRef slice) {
        GradientsRef gradients = Objects.requireNonNull(plan.gradients());
        List<SliceRef> segments = gradients.segments();
        this.segment = segments.stream()
                .filter(each -> each.first() == slice.first())
                .findFirst()
                .orElseThrow();
        int runs = gradients.runs().size();
        int segmentsBefore = segments.size() - 1 - segments.indexOf(segment);
        this.before = segmentsBefore * runs + gradients.runs().indexOf(run);
        this.whole = segments.size() * runs;
        this.block = new AtomicInteger(slice.end() - 1);
        this.position = new AtomicInteger(slice.end());
    }

    @Override
    public void blockStarted(int started) {
        block.set(started);
        counter.incrementAndGet();
    }

    @Override
    public void tileDone(int of) {
        counter.incrementAndGet();
    }

    @Override
    public void streamDone(int of, int tile, boolean reused) {
        counter.incrementAndGet();
    }

    @Override
    public void sketchDone(int of, boolean reused) {
        position.set(of);
        counter.incrementAndGet();
    }

    long counter() {
        return counter.get();
    }

    Heartbeat heartbeat() {
        double share = (double) (segment.end() - position.get()) / (segment.end() - segment.first());
        return new Heartbeat(Stage.GRADIENT, block.get(), 0, (before + share) / whole, List.of());
    }
}
