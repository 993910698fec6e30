package dev.quern.worker.activities;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.contract.ComputeActivities;
import dev.quern.contract.Failures;
import dev.quern.contract.Heartbeat;
import dev.quern.contract.JobRef;
import dev.quern.contract.SliceResult;
import dev.quern.contract.StepRef;
import dev.quern.contract.StepResult;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.Shard;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.contract.presence.Device;
import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.calibration.BlockWalk;
import dev.quern.engine.calibration.GradientWalk;
import dev.quern.engine.calibration.SharedBlock;
import dev.quern.engine.calibration.TraceWalk;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.calibration.WalkOptions;
import dev.quern.engine.evaluation.CompressedBlocks;
import dev.quern.engine.evaluation.Evaluator;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.engine.statistics.SketchPlan;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.inputs.Sources;
import dev.quern.inputs.TenantBlocks;
import dev.quern.process.Ticker;
import dev.quern.worker.device.DeviceSlot;
import dev.quern.worker.device.DeviceThread;
import dev.quern.worker.device.Presence;
import dev.quern.worker.device.Scratch;
import dev.quern.worker.device.WorkerMetrics;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Opens a job's inputs, calls the engine on the device, stores what it makes. */
public final class ComputeActivitiesImpl implements ComputeActivities {
    private final Device announced;
    private final DeviceThread device;
    private final ArtifactStore store;
    private final Sources sources;
    private final Scratch scratch;
    private final WorkerMetrics metrics;
    private final DeviceSlot slot;
    private final Presence presence;

    public ComputeActivitiesImpl(
            Device announced,
            DeviceThread device,
            DeviceSlot slot,
            Presence presence,
            ArtifactStore store,
            Sources sources,
            Scratch scratch,
            WorkerMetrics metrics) {
        this.announced = announced;
        this.device = device;
        this.slot = slot;
        this.presence = presence;
        this.store = store;
        this.sources = sources;
        this.scratch = scratch;
        this.metrics = metrics;
    }

    @Override
    public Device announce() {
        return announced;
    }

    @Override
    public void trace(JobRef job, PlanRef plan, TileRunRef run, int tilesInFlight) {
        TraceProgress progress = new TraceProgress(plan, run);
        String what = "trace of " + range("tiles", run.first(), run.end());
        work(job, what, plan, progress::heartbeat, progress::counter, (backend, source, folder, cancellation) -> {
            TenantBlocks blocks = new TenantBlocks(store, Keys.of(job.tenant()), folder.path());
            List<Integer> starts = starts(source, blocks, plan);
            if (starts.isEmpty()) {
                return new TraceWalk.Traced(0, 0);
            }
            WalkOptions options = new WalkOptions(folder.path(), 0, progress, cancellation);
            TileRun tiles = new TileRun(run.first(), run.end());
            return TraceWalk.walk(backend, source.inputs(backend), blocks, options, tiles, starts);
        });
    }

    /** Where streams are of use: segments with blocks to be made start there, forward or backward. */
    private static List<Integer> starts(JobSource source, BlockStore blocks, PlanRef plan) {
        List<Provenance> provenances = source.provenances();
        boolean sequential = provenances.getFirst().recipe().walksCompressed();
        Stream<SliceRef> forward = sequential ? Stream.empty() : plan.segments().stream();
        Stream<SliceRef> backward = plan.gradients() == null || isDone(provenances, blocks, 0, plan.blocks())
                ? Stream.empty()
                : plan.gradients().segments().stream();
        return Stream.concat(
                        forward.filter(segment -> !isDone(provenances, blocks, segment.first(), segment.end())),
                        backward)
                .map(SliceRef::first)
                .filter(first -> first > 0)
                .distinct()
                .sorted()
                .toList();
    }

    /** Whether the blocks [first, end) of all outputs are in the store. */
    private static boolean isDone(List<Provenance> provenances, BlockStore blocks, int first, int end) {
        return IntStream.range(first, end)
                .allMatch(
                        block -> provenances.stream().allMatch(provenance -> blocks.contains(provenance.block(block))));
    }

    /** Where all blocks are there, their gradients are of no use. */
    @Override
    public SliceRef gradient(JobRef job, PlanRef plan, TileRunRef run, SliceRef slice, int tilesInFlight) {
        GradientProgress progress = new GradientProgress(plan, run, slice);
        String what = "gradients of " + range("tiles", run.first(), run.end()) + ", "
                + range("blocks", slice.first(), slice.end());
        SliceRef rest = work(
                job, what, plan, progress::heartbeat, progress::counter, (backend, source, folder, cancellation) -> {
                    TenantBlocks blocks = new TenantBlocks(store, Keys.of(job.tenant()), folder.path());
                    if (isDone(source.provenances(), blocks, 0, plan.blocks())) {
                        return new SliceRef(slice.first(), slice.first());
                    }
                    WalkOptions options =
                            new WalkOptions(folder.path(), sumsBytes(source, tilesInFlight), progress, cancellation);
                    return walkBack(backend, source, blocks, options, run, slice);
                });
        if (!rest.empty()) {
            slot.moreToCome();
        }
        return rest;
    }

    /** One block at least, as {@link #walk}. */
    private SliceRef walkBack(
            ComputeBackend backend,
            JobSource source,
            BlockStore blocks,
            WalkOptions options,
            TileRunRef run,
            SliceRef slice) {
        WalkInputs inputs = source.inputs(backend);
        SketchPlan sketches = inputs.sketches().orElseThrow();
        long end = end(source);
        try (GradientWalk walk = GradientWalk.open(
                backend,
                inputs,
                sketches.seed(),
                sketches.spec(),
                blocks,
                options,
                new TileRun(run.first(), run.end()),
                new Slice(slice.first(), slice.end()))) {
            do {
                walk.next();
            } while (walk.hasNext() && System.nanoTime() < end && !slot.draining());
            Slice rest = walk.rest();
            return new SliceRef(rest.first(), rest.end());
        }
    }

    /** When a slice that begins now hands over. */
    private static long end(JobSource source) {
        return System.nanoTime() + (long) (source.plan().work().sliceSeconds() * 1e9);
    }

    private static long sumsBytes(JobSource source, int tilesInFlight) {
        JobPlan.Gradients gradients = Objects.requireNonNull(source.plan().gradients());
        return gradients.sumsBytes() / source.plan().tiles().tilesInFlight() * tilesInFlight;
    }

    @Override
    public SliceResult compress(JobRef job, PlanRef plan, SliceRef slice, int tilesInFlight) {
        SliceProgress progress = new SliceProgress(job, slice, plan, metrics);
        String what = "compression of " + range("blocks", slice.first(), slice.end());
        SliceResult result = work(
                job, what, plan, progress::heartbeat, progress::counter, (backend, source, folder, cancellation) -> {
                    TenantBlocks blocks = new TenantBlocks(store, Keys.of(job.tenant()), folder.path());
                    WalkOptions options = new WalkOptions(
                            folder.path(), statisticsBytes(source, tilesInFlight), progress, cancellation);
                    Slice blocksLeft = new Slice(slice.first(), slice.end());
                    try (BlockWalk walk =
                            BlockWalk.open(backend, source.inputs(backend), blocks, options, blocksLeft)) {
                        Slice rest = walk(walk, end(source));
                        SliceRef left = new SliceRef(rest.first(), rest.end());
                        return new SliceResult(left, announced.worker(), progress.made(), progress.reused());
                    }
                });
        if (!result.rest().empty()) {
            slot.moreToCome();
        }
        return result;
    }

    /** One block at least, then on until the time is up or the worker is to end. */
    private Slice walk(BlockWalk walk, long end) {
        do {
            walk.next();
        } while (walk.hasNext() && System.nanoTime() < end && !slot.draining());
        return walk.rest();
    }

    @Override
    public StepResult statistics(JobRef job, PlanRef plan, StepRef run, int tilesInFlight) {
        String what = "statistics of block " + run.block() + ", run " + run.index();
        return step(job, what, plan, run.block(), tilesInFlight, shared -> shared.sum(run.index()));
    }

    @Override
    public StepResult solve(JobRef job, PlanRef plan, StepRef unit) {
        String what = "solution of block " + unit.block() + ", unit " + unit.index();
        return step(job, what, plan, unit.block(), plan.tilesInFlight(), shared -> shared.solve(unit.index()));
    }

    /** A step of a shared block; false when it misses something. */
    private interface Step {
        boolean take(SharedBlock block);
    }

    private StepResult step(JobRef job, String what, PlanRef plan, int block, int tilesInFlight, Step step) {
        SliceProgress progress = new SliceProgress(job, new SliceRef(block, block + 1), plan, metrics);
        return work(
                job, what, plan, progress::heartbeat, progress::counter, (backend, source, folder, cancellation) -> {
                    TenantBlocks blocks = new TenantBlocks(store, Keys.of(job.tenant()), folder.path());
                    WalkOptions options = new WalkOptions(
                            folder.path(), statisticsBytes(source, tilesInFlight), progress, cancellation);
                    SharedBlock shared = new SharedBlock(backend, source.inputs(backend), blocks, options, block);
                    return new StepResult(announced.worker(), step.take(shared));
                });
    }

    private static long statisticsBytes(JobSource source, int tilesInFlight) {
        return source.plan().prediction().statisticsBytes()
                / source.plan().tiles().tilesInFlight()
                * tilesInFlight;
    }

    @Override
    public String evaluate(JobRef job, PlanRef plan, Shard shard) {
        ShardProgress progress =
                new ShardProgress(plan.shards().indexOf(shard), plan.shards().size());
        String what = "evaluation of text " + shard.file() + ", " + range("windows", shard.first(), shard.end());
        return work(
                job, what, plan, progress::heartbeat, progress::counter, (backend, source, folder, cancellation) -> {
                    Keys keys = Keys.of(job.tenant());
                    List<ShardFigures> figures = ShardFigures.of(store, keys, source.plan(), shard);
                    List<ShardFigures> missing = ShardFigures.missing(figures);
                    if (!missing.isEmpty()) {
                        List<CompressedBlocks> compared =
                                source.compared(backend, new TenantBlocks(store, keys, folder.path()));
                        Evaluator evaluator = new Evaluator(
                                backend,
                                source.source().architecture(),
                                source.source().model().weights(backend),
                                folder.path());
                        List<TokenFigures> made = evaluator.evaluate(
                                source.evaluation(shard.file()).slice(shard.first(), shard.end()),
                                missing.stream()
                                        .map(each -> compared.get(each.model()))
                                        .toList(),
                                progress,
                                cancellation);
                        ShardFigures.store(missing, made);
                    }
                    return figures.getFirst().key();
                });
    }

    /** What an activity does on the device. */
    private interface Task<T> {
        T run(ComputeBackend backend, JobSource source, Scratch.Folder folder, Cancellation cancellation)
                throws IOException;
    }

    private static String range(String of, int first, int end) {
        return of + " " + first + " to " + (end - 1);
    }

    private <T> T work(
            JobRef job,
            String what,
            PlanRef plan,
            java.util.function.Supplier<Heartbeat> details,
            java.util.function.LongSupplier counter,
            Task<T> task) {
        ActivityExecutionContext activity = Activity.getExecutionContext();
        if (!slot.enter()) {
            // Offered before the other work began, or the worker's end; another one may be free.
            throw Failures.busy(announced.worker());
        }
        metrics.begin();
        presence.begin(job.id(), what);
        WorkLog log = WorkLog.begin(job, what);
        try (JobSource source = JobSource.open(store, sources, plan.document());
                Ticker ticker = Ticker.start(
                        activity, details, counter, source.plan().work().secondsPerBlock());
                Scratch.Folder folder = scratch.folder()) {
            T result = onDevice(source, folder, ticker, task);
            log.done();
            return result;
        } catch (DamagedArtifactException e) {
            log.stopped(e);
            metrics.failed();
            throw Failures.damaged(e.artifact().fileName(), e);
        } catch (RuntimeException | OutOfMemoryError e) {
            log.stopped(e);
            metrics.failed();
            throw Failures.toTemporal(e, activity.getInfo().getAttempt());
        } finally {
            metrics.end();
            presence.rest();
            slot.leave();
        }
    }

    /** Nothing durable is deleted when the work is cancelled: a lost connection looks the same. */
    private <T> T onDevice(JobSource source, Scratch.Folder folder, Ticker ticker, Task<T> task) {
        try {
            return device.run(backend -> task.run(backend, source, folder, ticker::cancelled));
        } catch (Cancellation.CancelledException e) {
            throw ticker.reason();
        }
    }
}
