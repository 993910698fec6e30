package dev.quern.worker.activities;

import dev.quern.contract.Heartbeat;
import dev.quern.contract.JobRef;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.SliceRef;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.LinearView;
import dev.quern.worker.device.WorkerMetrics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens to a walk for its heartbeats. Written by the device's thread, read by the ticker. */
final class SliceProgress implements WalkListener {
    private static final Logger LOG = LoggerFactory.getLogger(SliceProgress.class);
    /** Heartbeats may get lost, and each one is seen for a second or two: a cell is in all those of this time. */
    private static final long TELL_NANOS = 20_000_000_000L;

    private record Told(long at, LinearView cell) {}

    /** The output that the board shows. */
    private static final int SHOWN = 0;

    private final String job;
    private final int first;
    private final int blocks;
    private final WorkerMetrics metrics;
    private final Deque<Told> lately = new ArrayDeque<>();
    private int block = -1;
    private final List<Integer> made = new ArrayList<>();
    private int reused;
    private long counter;

    SliceProgress(JobRef job, SliceRef slice, PlanRef plan, WorkerMetrics metrics) {
        this.job = job.id();
        this.first = slice.first();
        this.blocks = plan.blocks();
        this.metrics = metrics;
    }

    @Override
    public synchronized void blockStarted(int index) {
        block = index;
        counter++;
    }

    @Override
    public synchronized void tileDone(int index) {
        counter++;
    }

    @Override
    public synchronized void linearDone(int output, int index, LinearRecord linear) {
        counter++;
        metrics.linearDone();
        if (output == SHOWN) {
            tell(index, linear);
        }
    }

    @Override
    public synchronized void blockDone(int index, boolean wasThere, List<LinearRecord> linears) {
        counter++;
        LOG.info("job {}: block {} {}", job, index, wasThere ? "was there" : "made");
        metrics.blockDone(wasThere);
        if (!wasThere) {
            made.add(index);
        }
        reused += wasThere ? 1 : 0;
        linears.forEach(linear -> tell(index, linear));
    }

    /** Moves whenever something is done. */
    synchronized long counter() {
        return counter;
    }

    synchronized List<Integer> made() {
        return List.copyOf(made);
    }

    synchronized int reused() {
        return reused;
    }

    synchronized Heartbeat heartbeat() {
        long now = System.nanoTime();
        lately.removeIf(told -> now - told.at() > TELL_NANOS);
        return new Heartbeat(
                Stage.COMPRESS,
                block,
                reused,
                (double) (first + made.size() + reused) / blocks,
                lately.stream().map(Told::cell).toList());
    }

    private void tell(int index, LinearRecord linear) {
        LinearView cell = linear.cell(index);
        boolean known = lately.stream()
                .anyMatch(told ->
                        told.cell().block() == index && told.cell().linear().equals(linear.name()));
        if (!known) {
            lately.add(new Told(System.nanoTime(), cell));
        }
    }
}
