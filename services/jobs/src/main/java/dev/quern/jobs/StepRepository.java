package dev.quern.jobs;

import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.process.FailPoint;
import dev.quern.recipes.view.JobView;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/** Moves jobs on: the steps of their workflows, and the generations that the reconciler starts. */
public final class StepRepository {
    private static final String LOCK = """
            SELECT state, stage, reason_code, generation, seq FROM job WHERE id = :id FOR UPDATE
            """;
    private static final String PROJECT = """
            UPDATE job
               SET state = :state, stage = coalesce(:stage::text, stage), generation = :generation, seq = :seq,
                   started = true,
                   started_at = CASE WHEN :state = 'RUNNING' THEN coalesce(started_at, now()) ELSE started_at END,
                   reason_since = CASE WHEN :reasonCode::text IS NULL THEN NULL
                                       WHEN reason_code = :reasonCode THEN reason_since ELSE now() END,
                   reason_code = :reasonCode, reason_remedy = :reasonRemedy,
                   failure_code = coalesce(:failureCode::text, failure_code),
                   failure_message = coalesce(:failureMessage::text, failure_message),
                   percent = CASE WHEN :state IN ('COMPLETED', 'QUARANTINED') THEN 100
                                  WHEN result IS NOT NULL AND :stage::text = 'EVALUATE' THEN percent
                                  ELSE greatest(percent, :percent) END,
                   eta_seconds = CASE WHEN :state = 'RUNNING' THEN eta_seconds END,
                   block = CASE WHEN :terminal OR stage IS DISTINCT FROM :stage THEN -1 ELSE block END,
                   finished_at = CASE WHEN :terminal THEN coalesce(finished_at, now()) END, cleanup_due = :terminal,
                   ran_seconds = ran_seconds + CASE WHEN :running THEN 0
                                                    ELSE coalesce(extract(epoch FROM now() - running_since), 0) END,
                   running_since = CASE WHEN :running THEN coalesce(running_since, now()) END,
                   updated_at = now()
             WHERE id = :id
            """;
    // A result that was published all the same keeps its place.
    private static final String RELEASE = """
            DELETE FROM output_claim WHERE job_id = :id AND prefix NOT IN (
                SELECT prefix FROM job_output WHERE job_id = :id AND accepted
                 UNION ALL SELECT uri FROM job_output WHERE job_id = :id AND accepted AND uri IS NOT NULL)
            """;
    private static final String CLEANED = """
            UPDATE job SET cleanup_due = false WHERE id = :id AND generation = :generation AND finished_at IS NOT NULL
            """;
    private static final String STARTED =
            "UPDATE job SET started = true WHERE id = :id AND generation = :generation AND NOT started";
    private static final String LEFT = "UPDATE job SET left_in_order = true WHERE started AND finished_at IS NULL";
    private static final String FOUND_AGAIN =
            "UPDATE job SET left_in_order = false WHERE id = :id AND generation = :generation AND left_in_order";
    private static final String COMPUTING =
            "UPDATE job SET compute_started = true WHERE id = :id AND generation = :generation AND NOT compute_started";
    // What the workflow itself says of its job stays, unless it waits on top of that.
    private static final String WAITS = """
            UPDATE job
               SET reason_code = :code, reason_since = :since::timestamptz, reason_remedy = :remedy,
                   eta_seconds = CASE WHEN :code::text IS NULL THEN eta_seconds END, updated_at = now()
             WHERE id = :id AND generation = :generation AND state = 'RUNNING' AND desired = 'RUN'
               AND reason_code IS DISTINCT FROM :code::text
               AND (:code::text IS NOT NULL
                    OR reason_code = ANY(:waiting))
            """;
    private static final String NEXT_GENERATION = """
            UPDATE job
               SET generation = generation + 1, seq = 0, started = false, compute_started = false,
                   left_in_order = false,
                   idle_generations = CASE WHEN done.pieces > blocks_before THEN 0
                                           WHEN NOT started OR left_in_order THEN idle_generations
                                           WHEN NOT compute_started AND reason_code = ANY(:calm) THEN idle_generations
                                           ELSE idle_generations + 1 END,
                   blocks_before = done.pieces, pending_since = now(),
                   reason_code = 'RECOVERING', reason_since = now(),
                   reason_remedy = 'The workflow was lost; the job continues from its artifacts.',
                   updated_at = now()
              FROM (SELECT count(DISTINCT block) - count(DISTINCT block) FILTER (WHERE state <> 'DONE') + :shards AS pieces
                      FROM job_linear WHERE job_id = :id) done
             WHERE id = :id AND generation = :generation
            """;

    // No workflow was lost: the count of idle generations stays as it is.
    private static final String RESUME = """
            UPDATE job
               SET state = 'QUEUED', generation = generation + 1, seq = 0, started = false, compute_started = false,
                   left_in_order = false, reason_code = NULL, reason_since = NULL, reason_remedy = NULL,
                   eta_seconds = NULL, pending_since = now(), updated_at = now()
             WHERE id = :id AND generation = :generation AND state = 'PAUSED' AND desired = 'RUN'
            """;

    private static final String[] WAITING = names(ReasonCode::waits);
    private static final String[] CALM = names(ReasonCode::calm);

    private final JdbcClient db;
    private final TransactionOperations transactions;
    private final EventRepository events;

    public StepRepository(JdbcClient db, TransactionOperations transactions) {
        this.db = db;
        this.transactions = transactions;
        this.events = new EventRepository(db);
    }

    private static String[] names(Predicate<ReasonCode> chosen) {
        return Arrays.stream(ReasonCode.values())
                .filter(chosen)
                .map(ReasonCode::name)
                .toArray(String[]::new);
    }

    private record Position(JobState state, String stage, String reason, int generation, long seq) {
        boolean before(Step step) {
            return generation < step.generation() || (generation == step.generation() && seq < step.seq());
        }
    }

    /**
     * Applies one step, with its events, or nothing.
     *
     * @return false when this step or a later one was applied before: either way it stands
     * @throws IllegalStateException when the row's state cannot become the step's
     */
    public boolean project(UUID id, Step step) {
        String what = place(step);
        FailPoint.pass("step.before." + what);
        boolean applied = apply(id, step, what);
        FailPoint.pass("step.after." + what);
        return applied;
    }

    /** The name of a fail point: the stage of a running job, else the job's state. */
    private static String place(Step step) {
        Stage stage = step.stage();
        Enum<?> named = step.state() == JobState.RUNNING && stage != null ? stage : step.state();
        return named.name().toLowerCase(Locale.ROOT);
    }

    private boolean apply(UUID id, Step step, String what) {
        return transactions.execute(status -> {
            Position now = lock(id);
            if (!now.before(step)) {
                return false;
            }
            if (now.state() != step.state() && !now.state().canBecome(step.state())) {
                throw new IllegalStateException(
                        "job " + id + ": " + now.state() + " (expected: one that can become " + step.state() + ")");
            }
            db.sql(PROJECT).params(columns(id, step)).update();
            if (step.state().withoutResult()) {
                db.sql(RELEASE).param("id", id).update();
            }
            tell(id, now, step);
            FailPoint.pass("step.within." + what);
            return true;
        });
    }

    /** Notes that the workflow of this generation runs; before that, a missing workflow was only never started. */
    public void started(UUID id, int generation) {
        db.sql(STARTED).param("id", id).param("generation", generation).update();
    }

    /** Notes that nothing is left to delete of this generation, which is over. */
    public void cleaned(UUID id, int generation) {
        db.sql(CLEANED).param("id", id).param("generation", generation).update();
    }

    /**
     * Notes that a worker took work of this generation: from then on, that it waits for one is no excuse for adding no
     * block.
     */
    public void computing(UUID id, int generation) {
        db.sql(COMPUTING).param("id", id).param("generation", generation).update();
    }

    /**
     * Notes for what a running job waits.
     *
     * @param reason null when it waits no longer
     */
    public void waits(UUID id, int generation, JobView.@Nullable Reason reason) {
        transactions.executeWithoutResult(status -> {
            Map<String, Object> columns = new HashMap<>();
            columns.put("id", id);
            columns.put("generation", generation);
            columns.put("code", reason == null ? null : reason.code().name());
            columns.put("waiting", WAITING);
            columns.put("since", reason == null ? null : OffsetDateTime.ofInstant(reason.since(), ZoneOffset.UTC));
            columns.put("remedy", reason == null ? null : reason.remedy());
            if (db.sql(WAITS).params(columns).update() == 1) {
                events.append(
                        id,
                        "reason",
                        reason == null
                                ? JsonObject.EMPTY.with("code", "")
                                : JsonObject.EMPTY
                                        .with("code", reason.code().name())
                                        .with("since", reason.since().toString()));
            }
        });
    }

    /** Notes that the control process ends in order: what is lost with it is no failure of the jobs that run. */
    public void left() {
        db.sql(LEFT).update();
    }

    /** Notes that the workflow of this generation runs on after such an end. */
    public void foundAgain(UUID id, int generation) {
        db.sql(FOUND_AGAIN).param("id", id).param("generation", generation).update();
    }

    /**
     * Leaves a generation whose workflow is lost; false when another reconciler did. It counts as idle when it added no
     * block and no measured shard, unless it waited for a worker all the time, or the control process ended in order.
     *
     * @param shards that the job's evaluation has measured so far
     */
    public boolean nextGeneration(UUID id, int lost, int shards) {
        return transactions.execute(status -> {
            boolean moved = db.sql(NEXT_GENERATION)
                            .param("id", id)
                            .param("generation", lost)
                            .param("shards", shards)
                            .param("calm", CALM)
                            .update()
                    == 1;
            if (moved) {
                events.append(
                        id,
                        "reason",
                        JsonObject.EMPTY
                                .with("code", ReasonCode.RECOVERING.name())
                                .with("generation", lost + 1L));
            }
            return moved;
        });
    }

    /**
     * Queues a paused job that its owner has resumed, as the next generation.
     *
     * @return false when the job is not paused, not resumed, or of another generation
     */
    public boolean resume(UUID id, int paused) {
        return transactions.execute(status -> {
            boolean moved =
                    db.sql(RESUME).param("id", id).param("generation", paused).update() == 1;
            if (moved) {
                events.append(
                        id,
                        "state",
                        JsonObject.EMPTY.with("from", JobState.PAUSED.name()).with("state", JobState.QUEUED.name()));
            }
            return moved;
        });
    }

    private Position lock(UUID id) {
        return db.sql(LOCK)
                .param("id", id)
                .query((row, index) -> new Position(
                        JobState.valueOf(row.getString("state")),
                        Objects.requireNonNullElse(row.getString("stage"), ""),
                        Objects.requireNonNullElse(row.getString("reason_code"), ""),
                        row.getInt("generation"),
                        row.getLong("seq")))
                .single();
    }

    private void tell(UUID id, Position before, Step step) {
        if (before.state() != step.state()) {
            JsonObject change = JsonObject.EMPTY
                    .with("from", before.state().name())
                    .with("state", step.state().name());
            JobView.Failure failure = step.failure();
            events.append(
                    id,
                    "state",
                    failure == null
                            ? change
                            : change.with("code", failure.code()).with("message", failure.message()));
        }
        if (step.stage() != null && !before.stage().equals(step.stage().name())) {
            events.append(
                    id, "stage", JsonObject.EMPTY.with("stage", step.stage().name()));
        }
        String reason = step.reason() == null ? "" : step.reason().code().name();
        // A job that no longer runs waits for nothing: its new state says so.
        boolean silent = reason.isEmpty() && step.state() != JobState.RUNNING;
        if (!before.reason().equals(reason) && !silent) {
            events.append(id, "reason", JsonObject.EMPTY.with("code", reason));
        }
    }

    private static Map<String, Object> columns(UUID id, Step step) {
        Step.Reason reason = step.reason();
        JobView.Failure failure = step.failure();
        Map<String, Object> columns = new HashMap<>();
        columns.put("id", id);
        columns.put("state", step.state().name());
        Stage stage = step.stage();
        columns.put("stage", stage == null ? null : stage.name());
        columns.put("percent", stage == null ? 0 : stage.percent());
        columns.put("generation", step.generation());
        columns.put("seq", step.seq());
        columns.put("running", step.state() == JobState.RUNNING || step.state() == JobState.CANCELLING);
        columns.put("terminal", step.state().terminal());
        columns.put("reasonCode", reason == null ? null : reason.code().name());
        columns.put("reasonRemedy", reason == null ? null : reason.remedy());
        columns.put("failureCode", failure == null ? null : failure.code());
        columns.put("failureMessage", failure == null ? null : failure.message());
        return columns;
    }
}
