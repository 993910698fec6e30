package dev.quern.control.activities;

import dev.quern.contract.ControlActivities;
import dev.quern.contract.JobRef;
import dev.quern.contract.Published;
import dev.quern.contract.Settled;
import dev.quern.contract.SliceResult;
import dev.quern.contract.StepRecord;
import dev.quern.contract.plan.Inspection;
import dev.quern.contract.plan.PlanRef;
import dev.quern.contract.plan.SliceRef;
import dev.quern.contract.presence.Device;
import dev.quern.control.job.ScratchFolders;
import dev.quern.control.job.StepRecorder;
import dev.quern.control.publish.Outputs;
import dev.quern.control.publish.Publisher;
import dev.quern.control.retention.Cleaner;
import dev.quern.recipes.job.Stage;
import java.util.List;
import java.util.Map;

/** The light work of jobs, each part in a class of its own. */
final class ControlActivitiesImpl implements ControlActivities {
    private final StepRecorder recorder;
    private final Inspector inspector;
    private final JobPlanner planner;
    private final BoardFiller board;
    private final SharedBlockJoiner joiner;
    private final Outputs outputs;
    private final Publisher publisher;
    private final Cleaner cleaner;
    private final ScratchFolders scratch;

    ControlActivitiesImpl(
            StepRecorder recorder,
            Inspector inspector,
            JobPlanner planner,
            BoardFiller board,
            SharedBlockJoiner joiner,
            Outputs outputs,
            Publisher publisher,
            Cleaner cleaner,
            ScratchFolders scratch) {
        this.recorder = recorder;
        this.inspector = inspector;
        this.planner = planner;
        this.board = board;
        this.joiner = joiner;
        this.outputs = outputs;
        this.publisher = publisher;
        this.cleaner = cleaner;
        this.scratch = scratch;
    }

    @Override
    public void record(JobRef job, StepRecord step) {
        Activities.quick(() -> {
            recorder.record(job, step);
            return job;
        });
    }

    @Override
    public Inspection inspect(JobRef job) {
        return reading((bytes, cancellation) -> inspector.inspect(job, bytes, cancellation));
    }

    @Override
    public PlanRef plan(JobRef job, Inspection inspection, Device device) {
        return reading(
                (bytes, cancellation) -> planner.plan(job, inspection, device, () -> bytes.accept(1), cancellation));
    }

    @Override
    public boolean recordSlice(JobRef job, PlanRef plan, SliceRef done, SliceResult result, int reused) {
        return reading((bytes, cancellation) -> {
            board.fill(job, plan, done, result, reused, bytes, cancellation);
            return board.othersWait(job);
        });
    }

    @Override
    public Settled settle(JobRef job, PlanRef plan, int block, List<String> workers, int reused) {
        return reading((bytes, cancellation) -> joiner.settle(job, plan, block, workers, reused, bytes, cancellation));
    }

    @Override
    public void repair(JobRef job, PlanRef plan, String artifact) {
        reading((bytes, cancellation) -> {
            cleaner.repair(job, plan, artifact);
            return job;
        });
    }

    @Override
    public void assemble(JobRef job, PlanRef plan) {
        reading((bytes, cancellation) -> {
            outputs.assemble(job, plan, bytes, cancellation);
            return job;
        });
    }

    @Override
    public void verify(JobRef job, PlanRef plan) {
        reading((bytes, cancellation) -> {
            outputs.verify(job, plan, bytes, cancellation);
            return job;
        });
    }

    @Override
    public Published publish(JobRef job, PlanRef plan, List<String> figures, Map<Stage, Double> secondsPerStage) {
        return reading((bytes, cancellation) -> publisher.publish(job, plan, secondsPerStage, bytes, cancellation));
    }

    @Override
    public void cleanup(JobRef job) {
        Activities.quick(() -> {
            cleaner.cleanup(job);
            return job;
        });
    }

    private <T> T reading(Activities.Reading<T> body) {
        return Activities.reading((bytes, cancellation) -> scratch.naming(() -> body.run(bytes, cancellation)));
    }
}
