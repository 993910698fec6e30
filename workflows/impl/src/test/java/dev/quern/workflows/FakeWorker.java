package dev.quern.workflows;

import dev.quern.contract.ComputeActivities;
import dev.quern.contract.JobRef;
import dev.quern.contract.SliceResult;
import dev.quern.contract.StepRef;
import dev.quern.contract.StepResult;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.Shard;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.contract.presence.Device;
import io.temporal.activity.Activity;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A worker that makes a block per slice, and fails before it does where the test wants it. */
final class FakeWorker implements ComputeActivities {
    /** What happens instead of a slice. */
    interface Trouble {
        void happen();
    }

    final List<String> queues = new CopyOnWriteArrayList<>();
    volatile String name;
    final List<TileRunRef> traced = new CopyOnWriteArrayList<>();
    final List<Integer> made = new CopyOnWriteArrayList<>();
    final List<Integer> tilesInFlight = new CopyOnWriteArrayList<>();
    final Deque<Trouble> trouble = new ArrayDeque<>();
    /** The same instead of a shard. */
    final Deque<Trouble> shardTrouble = new ConcurrentLinkedDeque<>();

    /** The same instead of a step of a shared block. */
    final Deque<Trouble> stepTrouble = new ConcurrentLinkedDeque<>();
    /** A block of which a step misses something, once. */
    final AtomicInteger notReady = new AtomicInteger(-1);
    /** Steps of shared blocks, in order. */
    final List<String> took = new CopyOnWriteArrayList<>();

    FakeWorker(String name) {
        this.name = name;
    }

    @Override
    public Device announce() {
        return new Device(name, "p1", "fake", "cpu", 1, 1 << 20, null, 1e9, 1e9);
    }

    /** One block, the last. */
    @Override
    public SliceRef gradient(JobRef job, PlanRef plan, TileRunRef run, SliceRef slice, int tiles) {
        tilesInFlight.add(tiles);
        Trouble next = stepTrouble.poll();
        if (next != null) {
            next.happen();
        }
        took.add("gradient " + run.first() + "." + (slice.end() - 1));
        return new SliceRef(slice.first(), slice.end() - 1);
    }

    @Override
    public SliceResult compress(JobRef job, PlanRef plan, SliceRef slice, int tiles) {
        tilesInFlight.add(tiles);
        Trouble next = trouble.poll();
        if (next != null) {
            next.happen();
        }
        made.add(slice.first());
        queues.add(Activity.getExecutionContext().getInfo().getActivityTaskQueue());
        return new SliceResult(new SliceRef(slice.first() + 1, slice.end()), name, List.of(slice.first()), 0);
    }

    @Override
    public StepResult statistics(JobRef job, PlanRef plan, StepRef run, int tiles) {
        tilesInFlight.add(tiles);
        take("sum", run);
        return new StepResult(name, !notReady.compareAndSet(run.block(), -1));
    }

    @Override
    public StepResult solve(JobRef job, PlanRef plan, StepRef unit) {
        take("solve", unit);
        return new StepResult(name, true);
    }

    private void take(String step, StepRef of) {
        Trouble next = stepTrouble.poll();
        if (next != null) {
            next.happen();
        }
        took.add(step + " " + of.block() + "." + of.index());
    }

    @Override
    public void trace(JobRef job, PlanRef plan, TileRunRef run, int tiles) {
        traced.add(run);
    }

    @Override
    public String evaluate(JobRef job, PlanRef plan, Shard shard) {
        Trouble next = shardTrouble.poll();
        if (next != null) {
            next.happen();
        }
        return "figures-" + shard.first();
    }

    /** Works until it is cancelled, as the engine does between panels. */
    static void untilCancelled() {
        while (true) {
            Activity.getExecutionContext().heartbeat(null);
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
