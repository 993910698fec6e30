package dev.quern.control;

import dev.quern.contract.Heartbeat;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.Job;
import dev.quern.jobs.Stage;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.process.FailPoint;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import io.temporal.common.converter.DefaultDataConverter;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Shows in the rows what running activities say in their heartbeats. */
final class Projector {
    private static final double ETA_AFTER_SECONDS = 3;

    private final Rows rows;
    private final Map<UUID, Pace> paces = new HashMap<>();

    /** Since when a job has come from which percentage, and the blocks that were told of: several are in work side by side. */
    private static final class Pace {
        private final long since = System.nanoTime();
        private final double from;
        private final Set<Integer> blocks = new HashSet<>();

        Pace(double from) {
            this.from = from;
        }

        @Nullable
        Double eta(double percent) {
            double seconds = (System.nanoTime() - since) / 1e9;
            return percent <= from || seconds < ETA_AFTER_SECONDS ? null : seconds * (100 - percent) / (percent - from);
        }
    }

    Projector(Rows rows) {
        this.rows = rows;
    }

    void show(Job job, DescribeWorkflowExecutionResponse workflow) {
        for (PendingActivityInfo activity : workflow.getPendingActivitiesList()) {
            String type = activity.getActivityType().getName();
            if (Waits.WORK.contains(type)) {
                heartbeat(activity).ifPresent(heartbeat -> show(job, heartbeat, activity.getLastWorkerIdentity()));
            }
        }
    }

    void forgetAllBut(Collection<Job> jobs) {
        paces.keySet().retainAll(jobs.stream().map(Job::id).collect(Collectors.toSet()));
    }

    private static Optional<Heartbeat> heartbeat(PendingActivityInfo activity) {
        if (!activity.hasHeartbeatDetails()) {
            return Optional.empty();
        }
        Optional<Payloads> details = Optional.of(activity.getHeartbeatDetails());
        return Optional.ofNullable(
                DefaultDataConverter.newDefaultInstance().fromPayloads(0, details, Heartbeat.class, Heartbeat.class));
    }

    private void show(Job job, Heartbeat heartbeat, String worker) {
        for (LinearView cell : heartbeat.linears()) {
            rows.board().put(job.id(), cell);
        }
        FailPoint.pass("projection.within");
        double percent = percent(job, heartbeat);
        Pace pace = paces.computeIfAbsent(job.id(), id -> new Pace(percent));
        boolean compress = heartbeat.stage().equals(Stage.COMPRESS.name());
        if (compress && heartbeat.block() >= 0 && pace.blocks.add(heartbeat.block())) {
            rows.board().worker(job.id(), heartbeat.block(), worker);
            rows.events()
                    .append(
                            job.id(),
                            "block",
                            JsonObject.EMPTY
                                    .with("block", heartbeat.block())
                                    .with("blocks", job.progress().blocks()));
        }
        rows.board()
                .progress(
                        job.id(),
                        new BoardRepository.Progress(
                                Stage.valueOf(heartbeat.stage()),
                                heartbeat.block(),
                                heartbeat.reusedBlocks(),
                                percent,
                                pace.eta(percent)));
    }

    private static double percent(Job job, Heartbeat heartbeat) {
        return switch (Stage.valueOf(heartbeat.stage())) {
            case TRACE -> Stage.TRACE.percent();
            // What the board counts: segments are walked side by side.
            case COMPRESS -> {
                JobView.Progress board = job.progress();
                yield between(
                        Stage.COMPRESS, Stage.ASSEMBLE, (double) board.linearsDone() / Math.max(1, board.linears()));
            }
            // Where nothing is compressed this is nearly all of the work.
            default ->
                between(job.result() == null ? Stage.EVALUATE : Stage.COMPRESS, Stage.PUBLISH, heartbeat.fraction());
        };
    }

    private static double between(Stage from, Stage to, double fraction) {
        return from.percent() + fraction * (to.percent() - from.percent());
    }
}
