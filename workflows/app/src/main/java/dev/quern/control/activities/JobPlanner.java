package dev.quern.control.activities;

import dev.quern.contract.JobRef;
import dev.quern.contract.Queues;
import dev.quern.contract.plan.GradientsRef;
import dev.quern.contract.plan.Inspection;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.Shard;
import dev.quern.contract.plan.SharingRef;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.plan.TileRunRef;
import dev.quern.contract.presence.Device;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.control.job.Repositories;
import dev.quern.control.job.Shards;
import dev.quern.control.reading.Readings;
import dev.quern.control.reading.message.Place;
import dev.quern.control.reading.message.Question;
import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.plan.Plan;
import dev.quern.engine.plan.Sharing;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.Stage;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Fixes how a job is done, writes it down, and lays out the board.
 *
 * @param sliceSeconds a compute activity hands over after so long
 * @param workers among whom a job is shared out; others may come and go
 */
record JobPlanner(JobContexts contexts, Readings readings, Repositories rows, double sliceSeconds, int workers) {
    /** The memory for statistics in eighths: a lack of it can be answered three times. */
    private static final int TILES_IN_FLIGHT = 8;

    /** @param waiting is called again and again while this takes its time */
    PlanRef plan(JobRef ref, Inspection inspection, Device device, Runnable waiting, Cancellation cancellation) {
        JobContext job = contexts.of(ref);
        String profile = contexts.pinProfile(job, device.profile());
        TokenWindows calibration = inspection.calibration() == null ? null : contexts.windows(inspection.calibration());
        List<TokenWindows> evaluations =
                inspection.evaluations().stream().map(contexts::windows).toList();
        Workload workload = workload(job, calibration, evaluations);
        Plan plan = readings.plan(question(job, inspection, workload, device), waiting, cancellation);
        rows.board().planned(job.row().id(), plan.secondsPerStage());
        if (!plan.segments().isEmpty()) {
            layOut(job, plan);
        }
        JobPlan document = document(job, inspection, calibration, plan, profile, device);
        List<Shard> shards =
                Shards.cut(evaluations, plan.secondsPerStage().getOrDefault(Stage.EVALUATE.word(), 0.0), workers);
        return reference(contexts.store(job, document), queue(job, profile), plan, shards);
    }

    private void layOut(JobContext job, Plan plan) {
        rows.board()
                .layOut(
                        job.row().id(),
                        plan.compressed(),
                        plan.segments().stream().map(Slice::first).toList());
    }

    private static PlanRef reference(String document, String queue, Plan plan, List<Shard> shards) {
        Sharing sharing = plan.sharing();
        return new PlanRef(
                document,
                queue,
                plan.blocks(),
                TILES_IN_FLIGHT,
                runs(plan.traceRuns()),
                gradients(plan.gradients()),
                slices(plan.segments()),
                shards,
                sharing == null ? null : new SharingRef(sharing.runs(), sharing.units()));
    }

    private static @Nullable GradientsRef gradients(Plan.@Nullable Gradients gradients) {
        return gradients == null ? null : new GradientsRef(runs(gradients.runs()), slices(gradients.segments()));
    }

    private static List<TileRunRef> runs(List<TileRun> runs) {
        return runs.stream().map(run -> new TileRunRef(run.first(), run.end())).toList();
    }

    private static List<SliceRef> slices(List<Slice> segments) {
        return segments.stream()
                .map(segment -> new SliceRef(segment.first(), segment.end()))
                .toList();
    }

    private static Workload workload(
            JobContext job, @Nullable TokenWindows calibration, List<TokenWindows> evaluations) {
        long evaluated = evaluations.stream().mapToLong(TokenWindows::size).sum();
        if (calibration == null) {
            int longest =
                    evaluations.stream().mapToInt(TokenWindows::seqLen).max().orElse(1);
            return Workload.evaluation(longest, evaluated);
        }
        return new Workload(
                job.recipes(), job.request().formats(), calibration.count(), calibration.seqLen(), evaluated);
    }

    private Question.PlanJob question(JobContext job, Inspection inspection, Workload workload, Device device) {
        return new Question.PlanJob(
                Place.inspected(job.request().source().location(), inspection.sourceStamp()),
                workload,
                budget(device),
                new Fanout(workers, job.segments(), sliceSeconds));
    }

    private static Budget budget(Device device) {
        return new Budget(
                new Budget.Memory(device.memoryBytes(), device.hostMemoryBytes()),
                device.threads(),
                speed(device),
                Long.MAX_VALUE);
    }

    private static DeviceSpeed speed(Device device) {
        if (device.flopsPerSecond() == null || device.bytesPerSecond() == null) {
            // Patience with its work comes from predicted times.
            throw new QuernException(
                    ErrorCode.UNAVAILABLE,
                    "worker " + device.worker() + ": no measured speed (expected: a worker of this version)");
        }
        return new DeviceSpeed(device.flopsPerSecond(), device.bytesPerSecond());
    }

    private static String queue(JobContext job, String profile) {
        return job.reproducible() ? Queues.ofProfile(job.workerClass(), profile) : Queues.ofClass(job.workerClass());
    }

    private JobPlan document(
            JobContext job,
            Inspection inspection,
            @Nullable TokenWindows calibration,
            Plan plan,
            String profile,
            Device device) {
        return new JobPlan(
                new JobPlan.Model(
                        job.request().source().location(), inspection.sourceStamp(), inspection.modelDigest()),
                contexts.result(inspection.result()),
                new JobPlan.Texts(
                        inspection.calibration(),
                        calibration == null ? null : calibration.digest(),
                        inspection.evaluations()),
                new JobPlan.Tiles(plan.tiling().windowsPerTile(), plan.tiling().tokensPerTile(), TILES_IN_FLIGHT),
                work(plan),
                new JobPlan.Numerics(profile, device.backend()),
                new JobPlan.Prediction(
                        plan.needs().statisticsBytes(),
                        plan.needs().peakBytes(),
                        plan.needs().scratchBytes(),
                        plan.needs().weightsCompressed()),
                plan.gradients() == null
                        ? null
                        : new JobPlan.Gradients(
                                plan.tiling().windows(),
                                plan.gradients().linears(),
                                plan.gradients().sumsBytes()),
                outputs(plan));
    }

    private JobPlan.Work work(Plan plan) {
        Sharing sharing = plan.sharing();
        int units = sharing == null ? 0 : sharing.units();
        return new JobPlan.Work(plan.segments().size(), plan.blocks(), units, sliceSeconds, plan.secondsPerBlock());
    }

    private static List<JobPlan.Output> outputs(Plan plan) {
        return IntStream.range(0, plan.recipes().size())
                .mapToObj(output -> {
                    Plan.Output planned = plan.outputs().get(output);
                    return new JobPlan.Output(plan.recipes().get(output), planned.bytes(), planned.bitsPerWeight());
                })
                .toList();
    }
}
