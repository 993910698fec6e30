package dev.quern.workflows;

import dev.quern.contract.ControlActivities;
import dev.quern.contract.Failures;
import dev.quern.contract.JobRef;
import dev.quern.contract.Published;
import dev.quern.contract.Queues;
import dev.quern.contract.Settled;
import dev.quern.contract.SliceResult;
import dev.quern.contract.StepRecord;
import dev.quern.contract.plan.GradientsRef;
import dev.quern.contract.plan.Inspection;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.Shard;
import dev.quern.contract.plan.SharingRef;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.contract.presence.Device;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A control process without rows and files: four blocks in one segment, two shards. */
final class FakeControl implements ControlActivities {
    static final int BLOCKS = 4;

    final List<StepRecord> steps = new CopyOnWriteArrayList<>();
    final List<SliceRef> told = new CopyOnWriteArrayList<>();
    final List<String> calls = new CopyOnWriteArrayList<>();
    volatile @Nullable QuernException inspectionFails;
    volatile boolean accepted = true;
    volatile boolean othersWait;
    volatile int segments = 1;
    volatile int blocks = BLOCKS;
    volatile @Nullable SharingRef sharing;
    volatile @Nullable GradientsRef gradients;
    /** What settling a shared block found, the blocks that were done before included. */
    final List<String> settled = new CopyOnWriteArrayList<>();
    /** How many blocks of a shared job exist. */
    volatile int done;
    /** How often a settlement finds that parts are gone. */
    final AtomicInteger gone = new AtomicInteger();
    /** Happens instead of an assembly, once. */
    volatile FakeWorker.@Nullable Trouble assemblyTrouble;

    @Override
    public void record(JobRef job, StepRecord step) {
        steps.add(step);
    }

    @Override
    public Inspection inspect(JobRef job) {
        calls.add("inspect");
        if (inspectionFails != null) {
            throw Failures.toTemporal(inspectionFails, 1);
        }
        return new Inspection("digest", "stamp", "windows", List.of(), null, "cpu");
    }

    @Override
    public PlanRef plan(JobRef job, Inspection inspection, Device device) {
        calls.add("plan " + device.profile());
        return new PlanRef(
                "plan",
                Queues.ofProfile("cpu", device.profile()),
                blocks,
                4,
                segments <= 1 ? List.of() : List.of(new TileRunRef(0, 3), new TileRunRef(3, 6)),
                gradients,
                IntStream.range(0, segments)
                        .mapToObj(i -> new SliceRef(blocks * i / segments, blocks * (i + 1) / segments))
                        .toList(),
                List.of(new Shard(0, 0, 8), new Shard(0, 8, 16)),
                sharing);
    }

    @Override
    public Settled settle(JobRef job, PlanRef plan, int block, List<String> workers, int reused) {
        settled.add(block + " " + workers);
        if (workers.isEmpty()) {
            return new Settled(done, done);
        }
        if (gone.getAndDecrement() > 0) {
            return new Settled(block, reused);
        }
        return new Settled(block + 1, reused);
    }

    @Override
    public boolean recordSlice(JobRef job, PlanRef plan, SliceRef done, SliceResult result, int reused) {
        told.add(done);
        return othersWait;
    }

    @Override
    public void repair(JobRef job, PlanRef plan, String artifact) {
        calls.add("repair " + artifact);
    }

    @Override
    public void assemble(JobRef job, PlanRef plan) {
        calls.add("assemble");
        FakeWorker.Trouble trouble = assemblyTrouble;
        assemblyTrouble = null;
        if (trouble != null) {
            trouble.happen();
        }
    }

    @Override
    public void verify(JobRef job, PlanRef plan) {
        calls.add("verify");
    }

    @Override
    public Published publish(JobRef job, PlanRef plan, List<String> figures, Map<Stage, Double> secondsPerStage) {
        calls.add("publish " + figures);
        return new Published(accepted, accepted ? "" : "kl 9 (expected: at most 1)");
    }

    @Override
    public void cleanup(JobRef job) {
        calls.add("cleanup");
    }

    List<JobState> states() {
        return steps.stream().map(StepRecord::state).distinct().toList();
    }

    List<Stage> stages() {
        return steps.stream()
                .map(step -> Objects.requireNonNull(step.stage()))
                .distinct()
                .toList();
    }
}
