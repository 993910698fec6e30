package dev.quern.control.reconcile;

import dev.quern.contract.Heartbeat;
import dev.quern.contract.JobRef;
import dev.quern.control.job.Repositories;
import dev.quern.control.workflow.PendingWork;
import dev.quern.control.workflow.Workflows;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.Job;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.process.FailPoint;
import dev.quern.recipes.report.TimeLeft;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Shows in the rows what running activities say in their heartbeats, and how long the work still takes. */
final class Projector {
    /** How much of a job is behind it when its gradients are there, in percent. */
    private static final double GRADIENTS_DONE = 45;

    private final Repositories rows;
    private final Map<JobRef, Watched> watched = new HashMap<>();

    /** What is remembered of a running workflow. */
    private static final class Watched {
        /** The blocks that heartbeats have reported: several are in work side by side. */
        private final Set<Integer> blocks = new HashSet<>();

        private @Nullable Pace pace;
        /** Whether the plan computes gradients; not known before there is one. */
        private boolean gradients;

        private long looked = System.nanoTime();

        /** Seconds since the last look. */
        double passed() {
            long before = looked;
            looked = System.nanoTime();
            return (looked - before) / 1e9;
        }
    }

    Projector(Repositories rows) {
        this.rows = rows;
    }

    void show(Job job, DescribeWorkflowExecutionResponse workflow) {
        Watched seen = watched.computeIfAbsent(Workflows.ref(job), ref -> new Watched());
        double fraction = 0;
        for (PendingActivityInfo activity : workflow.getPendingActivitiesList()) {
            Optional<Heartbeat> heartbeat =
                    PendingWork.isWork(activity) ? Workflows.details(activity, Heartbeat.class) : Optional.empty();
            if (heartbeat.isPresent()) {
                show(job, seen, heartbeat.get(), activity.getLastWorkerIdentity());
                fraction = Math.max(fraction, fraction(job, heartbeat.get()));
            }
        }
        Double seconds = remaining(job, seen, fraction, PendingWork.of(workflow).standing());
        if (job.stage() != null) {
            rows.board().remaining(job.id(), job.stage(), seconds == null ? null : TimeLeft.rounded(seconds));
        }
    }

    void forgetAllBut(Collection<Job> jobs) {
        watched.keySet().retainAll(jobs.stream().map(Workflows::ref).collect(Collectors.toSet()));
    }

    /** Null while it is not known: before the plan, and while the job waits. */
    private @Nullable Double remaining(Job job, Watched seen, double fraction, boolean waits) {
        double passed = seen.passed();
        Stage stage = job.stage();
        if (stage == null || stage.compareTo(Stage.PLAN) <= 0) {
            return null;
        }
        if (seen.pace == null) {
            Map<String, Double> planned = rows.board().planned(job.id());
            seen.pace = planned.isEmpty() ? null : new Pace(planned);
            seen.gradients = planned.getOrDefault(Stage.GRADIENT.word(), 0.0) > 0;
        }
        if (seen.pace == null || waits) {
            return null;
        }
        double reused = (double) job.progress().reusedBlocks()
                / Math.max(1, job.progress().blocks());
        seen.pace.at(stage, fraction, reused, passed);
        return seen.pace.remaining();
    }

    private void show(Job job, Watched seen, Heartbeat heartbeat, String worker) {
        for (LinearView cell : heartbeat.linears()) {
            rows.board().put(job.id(), cell);
        }
        FailPoint.pass("projection.within");
        boolean compress = heartbeat.stage() == Stage.COMPRESS;
        if (compress && heartbeat.block() >= 0 && seen.blocks.add(heartbeat.block())) {
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
                                heartbeat.stage(),
                                heartbeat.block(),
                                heartbeat.reusedBlocks(),
                                percent(job, heartbeat, seen.gradients)));
    }

    /** How much of the job's stage is done; 0 where the heartbeat is of an earlier one. */
    private static double fraction(Job job, Heartbeat heartbeat) {
        if (job.stage() != heartbeat.stage()) {
            return 0;
        }
        JobView.Progress board = job.progress();
        // What the board counts: segments are walked side by side.
        return job.stage() == Stage.COMPRESS
                ? (double) board.linearsDone() / Math.max(1, board.linears())
                : heartbeat.fraction();
    }

    private static double percent(Job job, Heartbeat heartbeat, boolean gradients) {
        double compress = gradients ? GRADIENTS_DONE : Stage.COMPRESS.percent();
        return switch (heartbeat.stage()) {
            case TRACE -> Stage.TRACE.percent();
            case GRADIENT -> between(Stage.GRADIENT.percent(), GRADIENTS_DONE, heartbeat.fraction());
            case COMPRESS -> between(compress, Stage.ASSEMBLE.percent(), fraction(job, heartbeat));
            // Where nothing is compressed this is nearly all of the work.
            default ->
                between(
                        job.request().result() == null ? Stage.EVALUATE.percent() : compress,
                        Stage.PUBLISH.percent(),
                        heartbeat.fraction());
        };
    }

    private static double between(double from, double to, double fraction) {
        return from + fraction * (to - from);
    }
}
