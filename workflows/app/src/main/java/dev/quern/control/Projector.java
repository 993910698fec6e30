package dev.quern.control;

import dev.quern.contract.Heartbeat;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.Job;
import dev.quern.jobs.Stage;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.view.LinearView;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import io.temporal.common.converter.DefaultDataConverter;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Shows in the rows what running activities say in their heartbeats. */
final class Projector {
    private static final double ETA_AFTER_SECONDS = 3;

    private final Rows rows;
    private final Map<UUID, Pace> paces = new HashMap<>();

    /** Since when a job has come from which percentage, and the block that was last told of. */
    private static final class Pace {
        private final long since = System.nanoTime();
        private final double from;
        private int block = -1;

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
            if (type.equals("compress") || type.equals("evaluate")) {
                heartbeat(activity).ifPresent(heartbeat -> show(job, heartbeat));
            }
        }
        showWorkers(job, workflow);
    }

    /** Who has a block is who told of its linears. */
    private void showWorkers(Job job, DescribeWorkflowExecutionResponse workflow) {
        for (PendingActivityInfo activity : workflow.getPendingActivitiesList()) {
            String worker = activity.getLastWorkerIdentity();
            if (activity.getActivityType().getName().equals("compress") && !worker.isEmpty()) {
                heartbeat(activity).stream()
                        .flatMap(heartbeat -> heartbeat.linears().stream())
                        .map(LinearView::block)
                        .distinct()
                        .forEach(block -> rows.board().worker(job.id(), block, worker));
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

    private void show(Job job, Heartbeat heartbeat) {
        for (LinearView cell : heartbeat.linears()) {
            rows.board().put(job.id(), cell);
        }
        double percent = percent(heartbeat);
        Pace pace = paces.computeIfAbsent(job.id(), id -> new Pace(percent));
        if (heartbeat.block() >= 0 && heartbeat.block() != pace.block) {
            pace.block = heartbeat.block();
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
                                heartbeat.block(), heartbeat.reusedBlocks(), percent, pace.eta(percent)));
    }

    private static double percent(Heartbeat heartbeat) {
        boolean compress = heartbeat.stage().equals("COMPRESS");
        double from = compress ? Stage.COMPRESS.percent() : Stage.EVALUATE.percent();
        double to = compress ? Stage.ASSEMBLE.percent() : Stage.PUBLISH.percent();
        return from + heartbeat.fraction() * (to - from);
    }
}
