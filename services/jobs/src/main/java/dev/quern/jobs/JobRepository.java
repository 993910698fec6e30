package dev.quern.jobs;

import dev.quern.jobs.access.Principal;
import dev.quern.jobs.rows.Cursor;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.process.FailPoint;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/** Accepts, finds and lists jobs, and writes what their owners want. A job is only visible to its tenant. */
public final class JobRepository {
    private static final String TAKE_KEY = """
            INSERT INTO idempotency_key (tenant, key, body_hash, job_id) VALUES (:tenant, :key, :bodyHash, :id)
            ON CONFLICT (tenant, key) DO NOTHING
            """;
    private static final String KEY =
            "SELECT body_hash, job_id FROM idempotency_key WHERE tenant = :tenant AND key = :key";
    // Until the transaction ends: of two equal requests the second one sees the first one's job.
    private static final String LOCK_REQUEST =
            "SELECT pg_advisory_xact_lock(hashtextextended(:tenant || ' ' || :request, 0))";
    private static final String SAME_REQUEST = Rows.SELECT + """
            WHERE job.tenant = :tenant AND job.labels @> jsonb_build_object(:label, :request)
              AND job.state IN ('QUEUED', 'RUNNING', 'PAUSED') AND job.desired <> 'CANCEL'
            ORDER BY job.created_at DESC LIMIT 1
            """;
    // Until the transaction ends: submissions of a tenant are counted one after the other, so none is one too many.
    private static final String LOCK_TENANT = "SELECT pg_advisory_xact_lock(hashtextextended(:tenant, 1))";
    private static final String COUNT_UNFINISHED = """
            SELECT count(*) FROM job WHERE tenant = :tenant AND state IN ('QUEUED', 'RUNNING', 'PAUSED', 'CANCELLING')
            """;
    private static final String INSERT = """
            INSERT INTO job (id, tenant, principal, name, source, result, request, labels,
                   detach, worker_class, segments, max_pending_seconds, max_runtime_seconds)
            VALUES (:id, :tenant, :principal, :name, :source, :result::text, :request,
                    jsonb_object(:labelKeys::text[], :labelValues::text[]), :detach,
                    :workerClass::text, :segments::int, :maxPending::int, :maxRuntime::int)
            """;
    private static final String FIND =
            Rows.SELECT + "WHERE job.tenant = :tenant AND job.id = :id AND job.deleted_at IS NULL";
    private static final String FIND_ANY = Rows.SELECT + "WHERE job.id = :id";
    private static final String PAGE = Rows.SELECT + """
            WHERE job.tenant = :tenant AND job.deleted_at IS NULL
              AND (:state::text IS NULL OR job.state = :state)
              AND job.labels @> jsonb_object(:labelKeys::text[], :labelValues::text[])
              AND (:createdAt::timestamptz IS NULL OR (job.created_at, job.id) < (:createdAt, :id::uuid))
            ORDER BY job.created_at DESC, job.id DESC
            LIMIT :limit
            """;
    private static final String UNFINISHED = Rows.SELECT + """
            WHERE job.state IN ('QUEUED', 'RUNNING', 'PAUSED', 'CANCELLING')
            ORDER BY job.created_at
            """;
    private static final String RETAINED = Rows.SELECT + """
            WHERE job.state IN ('QUEUED', 'RUNNING', 'PAUSED', 'CANCELLING') OR job.finished_at > :since
            ORDER BY job.created_at
            """;
    private static final String UNCLEANED =
            Rows.SELECT + "WHERE job.cleanup_due AND job.finished_at IS NOT NULL ORDER BY job.finished_at";
    private static final String DELETE = """
            UPDATE job SET deleted_at = now(), updated_at = now()
             WHERE tenant = :tenant AND id = :id AND finished_at IS NOT NULL AND deleted_at IS NULL
            """;
    private static final String DELETED =
            Rows.SELECT + "WHERE job.deleted_at IS NOT NULL AND NOT job.cleanup_due ORDER BY job.deleted_at LIMIT 100";
    private static final List<String> FORGET = List.of(
            "DELETE FROM job_event WHERE job_id = :id",
            "DELETE FROM job_linear WHERE job_id = :id",
            "DELETE FROM job_block WHERE job_id = :id",
            "DELETE FROM job_report WHERE job_id = :id",
            "DELETE FROM job_output WHERE job_id = :id",
            "DELETE FROM output_claim WHERE job_id = :id",
            "DELETE FROM idempotency_key WHERE job_id = :id",
            "DELETE FROM job WHERE id = :id AND deleted_at IS NOT NULL");
    private static final String NOW = "SELECT now()";
    // A wish to cancel stands: nothing takes it back.
    private static final String WISH = """
            UPDATE job SET desired = :desired, updated_at = now()
             WHERE tenant = :tenant AND id = :id AND state IN ('QUEUED', 'RUNNING', 'PAUSED', 'CANCELLING')
               AND desired NOT IN ('CANCEL', :desired)
            """;
    private static final String WISHED = """
            SELECT EXISTS (SELECT FROM job WHERE tenant = :tenant AND id = :id AND desired = :desired
               AND state IN ('QUEUED', 'RUNNING', 'PAUSED', 'CANCELLING'))
            """;
    private static final String RETRY = """
            UPDATE job
               SET state = 'QUEUED', stage = NULL, desired = 'RUN', generation = generation + 1, seq = 0,
                   started = false, compute_started = false, left_in_order = false, idle_generations = 0,
                   reason_code = NULL, reason_since = NULL, reason_remedy = NULL,
                   failure_code = NULL, failure_message = NULL, finished_at = NULL,
                   percent = 0, eta_seconds = NULL, pending_since = now(), ran_seconds = 0, updated_at = now()
             WHERE tenant = :tenant AND id = :id AND state = 'FAILED' AND deleted_at IS NULL
            """;
    private static final String OTHERS_QUEUE = """
            SELECT EXISTS (SELECT FROM job WHERE id <> :id AND state = 'RUNNING' AND reason_code = 'QUEUED_BEHIND')
            """;
    private static final String APPROVED =
            Rows.SELECT + "WHERE job.state = 'QUARANTINED' AND job.approved_by IS NOT NULL";
    private static final String APPROVE = """
            UPDATE job SET approved_by = :principal, approved_at = now(), approval_reason = :reason::text, updated_at = now()
             WHERE tenant = :tenant AND id = :id AND state = 'QUARANTINED' AND approved_by IS NULL
               AND deleted_at IS NULL
            """;

    private static final String APPROVAL_PENDING = """
            SELECT EXISTS (SELECT FROM job WHERE tenant = :tenant AND id = :id AND state = 'QUARANTINED'
               AND approved_by IS NOT NULL)
            """;

    private final JdbcClient db;
    private final TransactionOperations transactions;
    private final OutputRepository outputs;
    private final OutputClaims claims;
    private final EventRepository events;

    public JobRepository(JdbcClient db, TransactionOperations transactions) {
        this.db = db;
        this.transactions = transactions;
        this.outputs = new OutputRepository(db);
        this.claims = new OutputClaims(db);
        this.events = new EventRepository(db);
    }

    /** A job, and whether this call made it; false when an earlier one with the same key or the same request did. */
    public record Submitted(Job job, boolean created) {}

    /**
     * Accepts a job: its row, the places of its outputs and its idempotency key, or none of them. A request with the
     * label {@link JobRequest#SAME} is the job that has the same one while that is neither at its end nor to be
     * cancelled.
     *
     * @throws QuernException OUTPUT_TAKEN where another job, or another output of this one, holds a prefix or a part of
     *     a uri; INVALID_REQUEST where the idempotency key was used with another body
     */
    public Submitted submit(Submission submission) {
        return submit(submission, Integer.MAX_VALUE);
    }

    /**
     * As {@link #submit(Submission)}, where the tenant may have this many unfinished jobs and no more.
     *
     * @throws QuernException also TOO_MANY_REQUESTS
     */
    public Submitted submit(Submission submission, int maxUnfinished) {
        UUID id = UUID.randomUUID();
        FailPoint.pass("submit.before");
        Submitted submitted = transactions.execute(status -> {
            Optional<Job> earlier = sameRequest(submission).or(() -> takeKey(submission, id));
            if (earlier.isPresent()) {
                return new Submitted(earlier.get(), false);
            }
            requireRoom(submission.principal().tenant(), maxUnfinished);
            insert(submission, id);
            insertOutputs(submission, id);
            FailPoint.pass("submit.within");
            return new Submitted(find(id).orElseThrow(), true);
        });
        FailPoint.pass("submit.after");
        return submitted;
    }

    public Optional<Job> find(String tenant, UUID id) {
        return db.sql(FIND)
                .param("tenant", tenant)
                .param("id", id)
                .query(Rows::job)
                .optional();
    }

    /** For the control process, which serves every tenant. */
    public Optional<Job> find(UUID id) {
        return db.sql(FIND_ANY).param("id", id).query(Rows::job).optional();
    }

    /**
     * A page, newest first.
     *
     * @param cursor from the page before; null is the first page
     * @param limit at least 1
     */
    public JobPage list(String tenant, JobFilter filter, @Nullable String cursor, int limit) {
        Cursor after = cursor == null ? null : Cursor.parse(cursor);
        List<Job> found = labels(db.sql(PAGE), filter.labels())
                .param("tenant", tenant)
                .param("state", filter.state() == null ? null : filter.state().name())
                .param("createdAt", after == null ? null : OffsetDateTime.ofInstant(after.createdAt(), ZoneOffset.UTC))
                .param("id", after == null ? null : after.id())
                .param("limit", limit + 1)
                .query(Rows::job)
                .list();
        if (found.size() <= limit) {
            return new JobPage(found, null);
        }
        List<Job> page = found.subList(0, limit);
        Job last = page.getLast();
        return new JobPage(page, new Cursor(last.times().createdAt(), last.id()).toString());
    }

    /** Every job that is not at its end, oldest first: what the reconciler walks. */
    public List<Job> unfinished() {
        return db.sql(UNFINISHED).query(Rows::job).list();
    }

    /** Jobs at their end of which something may be left to delete, the first to end first. */
    public List<Job> uncleaned() {
        return db.sql(UNCLEANED).query(Rows::job).list();
    }

    /**
     * Hides a job at its end; the control process then deletes its results and rows.
     *
     * @return false for a job that is not at its end, or is deleted already
     */
    public boolean delete(String tenant, UUID id) {
        return key(db.sql(DELETE), tenant, id).update() == 1;
    }

    /**
     * Jobs whose files and rows are to go, the first to be deleted first; those of which leftovers are to be cleaned up
     * come later.
     */
    public List<Job> deleted() {
        return db.sql(DELETED).query(Rows::job).list();
    }

    /** Deletes the rows of a deleted job, its claims included: others may have its places. */
    public void forget(UUID id) {
        transactions.executeWithoutResult(
                status -> FORGET.forEach(sql -> db.sql(sql).param("id", id).update()));
    }

    /** Whether this very job holds an output prefix or uri. */
    public boolean holds(UUID id, String place) {
        return claims.isHeld(id, place);
    }

    /** Whether a job other than this one waits for a worker that is at work. */
    public boolean othersQueue(UUID id) {
        return db.sql(OTHERS_QUEUE).param("id", id).query(Boolean.class).single();
    }

    /**
     * Every job that is not at its end, or came to it after this moment, oldest first: what retention keeps the
     * artifacts of.
     */
    public List<Job> retained(Instant since) {
        return db.sql(RETAINED)
                .param("since", OffsetDateTime.ofInstant(since, ZoneOffset.UTC))
                .query(Rows::job)
                .list();
    }

    /** By the clock that all times of rows come from. */
    public Instant now() {
        return db.sql(NOW).query(OffsetDateTime.class).single().toInstant();
    }

    /** Whether a job holds this output prefix. */
    public boolean claimed(String tenant, String prefix) {
        return claims.isTaken(tenant, prefix);
    }

    /** Writes the wish to stop; the reconciler signals it. False when the job is at its end already. */
    public boolean cancel(String tenant, UUID id) {
        return wish(tenant, id, Desired.CANCEL, "cancel");
    }

    /**
     * Writes the wish to stand still; the reconciler signals it, and the row is PAUSED when the work has stopped.
     * Repeatable.
     *
     * @return false when the job is at its end, or about to be cancelled
     */
    public boolean pause(String tenant, UUID id) {
        return wish(tenant, id, Desired.PAUSE, "pause");
    }

    /**
     * Writes the wish to go on; of a job that is PAUSED already, the reconciler starts the next generation
     * ({@link StepRepository#resume}). Repeatable.
     *
     * @return false when the job is at its end, or about to be cancelled
     */
    public boolean resume(String tenant, UUID id) {
        return wish(tenant, id, Desired.RUN, "resume");
    }

    /**
     * Queues a failed job again, as the next generation, which makes only what is missing. Its limits start anew.
     * Repeatable.
     *
     * @return false when the job has not failed and is not under way
     * @throws QuernException OUTPUT_TAKEN when another job has taken its output since
     */
    public boolean retry(String tenant, UUID id) {
        return transactions.execute(status -> {
            if (key(db.sql(RETRY), tenant, id).update() == 0) {
                return wished(tenant, id, Desired.RUN);
            }
            outputs.unclaimed(id).forEach(output -> claims.take(tenant, id, output));
            events.append(
                    id,
                    "state",
                    JsonObject.EMPTY.with("from", JobState.FAILED.name()).with("state", JobState.QUEUED.name()));
            return true;
        });
    }

    private boolean wish(String tenant, UUID id, Desired desired, String verb) {
        return transactions.execute(status -> {
            boolean written = key(db.sql(WISH), tenant, id)
                            .param("desired", desired.name())
                            .update()
                    == 1;
            if (written) {
                events.append(id, "log", JsonObject.EMPTY.with("message", verb + " asked for"));
            }
            return written || wished(tenant, id, desired);
        });
    }

    private boolean wished(String tenant, UUID id, Desired desired) {
        return key(db.sql(WISHED), tenant, id)
                .param("desired", desired.name())
                .query(Boolean.class)
                .single();
    }

    private static JdbcClient.StatementSpec key(JdbcClient.StatementSpec statement, String tenant, UUID id) {
        return statement.param("tenant", tenant).param("id", id);
    }

    /**
     * Writes the wish to publish a quarantined result; the reconciler does it. Repeatable: the first approval stands.
     *
     * @param reason in the approver's words
     * @return false when there is none to approve
     */
    public boolean approve(Principal principal, UUID id, @Nullable String reason) {
        return transactions.execute(status -> {
            boolean written = key(db.sql(APPROVE), principal.tenant(), id)
                            .param("principal", principal.name())
                            .param("reason", reason)
                            .update()
                    == 1;
            if (written) {
                String why = reason == null ? "" : ": " + reason;
                events.append(id, "log", JsonObject.EMPTY.with("message", "approved by " + principal.name() + why));
            }
            return written
                    || key(db.sql(APPROVAL_PENDING), principal.tenant(), id)
                            .query(Boolean.class)
                            .single();
        });
    }

    /** Quarantined results that a person accepted and that are not published yet. */
    public List<Job> approved() {
        return db.sql(APPROVED).query(Rows::job).list();
    }

    private Optional<Job> sameRequest(Submission submission) {
        String request = submission.labels().get(JobRequest.SAME);
        if (request == null) {
            return Optional.empty();
        }
        Map<String, ?> same = Map.of("tenant", submission.principal().tenant(), "request", request);
        db.sql(LOCK_REQUEST).params(same).query((row, index) -> index).single();
        return db.sql(SAME_REQUEST)
                .params(same)
                .param("label", JobRequest.SAME)
                .query(Rows::job)
                .optional();
    }

    private void requireRoom(String tenant, int maxUnfinished) {
        db.sql(LOCK_TENANT).param("tenant", tenant).query((row, index) -> index).single();
        long unfinished = db.sql(COUNT_UNFINISHED)
                .param("tenant", tenant)
                .query(Long.class)
                .single();
        if (unfinished >= maxUnfinished) {
            throw new QuernException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    "jobs: " + unfinished + " unfinished (expected: fewer than " + maxUnfinished + ")");
        }
    }

    private Optional<Job> takeKey(Submission submission, UUID id) {
        Submission.Idempotency idempotency = submission.idempotency();
        if (idempotency == null) {
            return Optional.empty();
        }
        Map<String, ?> key = Map.of("tenant", submission.principal().tenant(), "key", idempotency.key());
        // Waits for a transaction that holds the same key, so the answer below is final.
        boolean taken = db.sql(TAKE_KEY)
                        .params(key)
                        .param("bodyHash", idempotency.bodyHash())
                        .param("id", id)
                        .update()
                == 1;
        if (taken) {
            return Optional.empty();
        }
        return db.sql(KEY)
                .params(key)
                .query((row, index) ->
                        earlier(idempotency, row.getString("body_hash"), row.getObject("job_id", UUID.class)))
                .optional();
    }

    private Job earlier(Submission.Idempotency idempotency, String bodyHash, UUID job) {
        if (!bodyHash.equals(idempotency.bodyHash())) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "Idempotency-Key: " + idempotency.key()
                            + " (expected: a new key, or the body it was first used with)");
        }
        return find(job).orElseThrow();
    }

    private void insert(Submission submission, UUID id) {
        JobRequest.Placement placement =
                Objects.requireNonNullElse(submission.placement(), new JobRequest.Placement(null, null));
        JobRequest.Limits limits = Objects.requireNonNullElse(submission.limits(), new JobRequest.Limits(null, null));
        labels(db.sql(INSERT), submission.labels())
                .param("workerClass", placement.workerClass())
                .param("segments", placement.segments())
                .param("maxPending", limits.maxPendingSeconds())
                .param("maxRuntime", limits.maxRuntimeSeconds())
                .param("id", id)
                .param("tenant", submission.principal().tenant())
                .param("principal", submission.principal().name())
                .param("name", submission.name())
                .param("source", submission.source())
                .param("result", submission.result())
                .param("request", submission.request())
                .param("detach", submission.detach())
                .update();
    }

    /** With what they claim: two of one job may no more share a place than those of two jobs. */
    private void insertOutputs(Submission submission, UUID id) {
        for (int position = 0; position < submission.outputs().size(); position++) {
            Submission.Output output = submission.outputs().get(position);
            outputs.insert(id, position, output);
            claims.take(submission.principal().tenant(), id, OutputRepository.claim(id, position, output));
        }
    }

    private static JdbcClient.StatementSpec labels(JdbcClient.StatementSpec statement, Map<String, String> labels) {
        List<String> keys = List.copyOf(labels.keySet());
        return statement
                .param("labelKeys", keys.toArray(String[]::new))
                .param("labelValues", keys.stream().map(labels::get).toArray(String[]::new));
    }
}
