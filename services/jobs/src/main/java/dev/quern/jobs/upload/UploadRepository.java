package dev.quern.jobs.upload;

import dev.quern.jobs.access.Principal;
import dev.quern.jobs.rows.Columns;
import dev.quern.jobs.rows.Cursor;
import dev.quern.recipes.view.UploadView;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/**
 * Uploads, and what the store has of their files. A file belongs to its tenant, not to one upload: two that name it
 * share it.
 */
public final class UploadRepository {
    private static final String OPEN = """
            INSERT INTO upload (id, tenant, principal, content, expires_at)
            VALUES (:id, :tenant, :principal, :content, now() + make_interval(secs => :seconds))
            ON CONFLICT (tenant, content) WHERE state = 'OPEN' DO UPDATE SET expires_at = excluded.expires_at
            RETURNING id
            """;
    private static final String ADD = """
            INSERT INTO upload_file (upload_id, position, name, size, sha256)
            SELECT :id, position, name, size, sha256
              FROM unnest(:names::text[], :sizes::bigint[], :digests::text[]) WITH ORDINALITY AS f(name, size, sha256, position)
            ON CONFLICT DO NOTHING
            """;
    private static final String FIND =
            "SELECT id, tenant, principal, state, expires_at FROM upload WHERE tenant = :tenant AND id = :id";
    private static final String FILES =
            "SELECT name, size, sha256 FROM upload_file WHERE upload_id = :id ORDER BY position";
    private static final String PAGE = """
            SELECT u.id, u.state, u.principal, u.created_at, u.completed_at,
                   CASE WHEN u.state = 'OPEN' THEN u.expires_at END AS expires_at, f.files, f.bytes
              FROM upload u
              JOIN LATERAL (SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes
                              FROM upload_file WHERE upload_id = u.id) f ON true
             WHERE u.tenant = :tenant AND (u.state = 'COMPLETED' OR (u.state = 'OPEN' AND u.expires_at > now()))
               AND (:createdAt::timestamptz IS NULL OR (u.created_at, u.id) < (:createdAt, :id::uuid))
             ORDER BY u.created_at DESC, u.id DESC
             LIMIT :limit
            """;
    // The request of every job that reads the upload has its id.
    private static final String READER = """
            SELECT id FROM job
             WHERE tenant = :tenant AND strpos(request, '"' || :id || '"') > 0
               AND state IN ('QUEUED', 'RUNNING', 'PAUSED', 'CANCELLING')
             ORDER BY created_at LIMIT 1
            """;
    private static final String DELETE =
            "UPDATE upload SET state = 'EXPIRED' WHERE tenant = :tenant AND id = :id AND state <> 'EXPIRED'";
    private static final String COMPLETE = """
            UPDATE upload SET state = 'COMPLETED', completed_at = now()
             WHERE tenant = :tenant AND id = :id AND state = 'OPEN'
            """;
    private static final String EXPIRE =
            "UPDATE upload SET state = 'EXPIRED' WHERE state = 'OPEN' AND expires_at < now()";
    // What no open upload waits for any more.
    private static final String ABANDONED = """
            DELETE FROM stored_file s
             WHERE verified_at IS NULL
               AND NOT EXISTS (SELECT FROM upload_file f JOIN upload u ON u.id = f.upload_id
                                WHERE f.sha256 = s.sha256 AND u.tenant = s.tenant AND u.state = 'OPEN')
            RETURNING tenant, sha256, transfer
            """;
    private static final String AWAITED = """
            SELECT transfer FROM stored_file s
             WHERE transfer IS NOT NULL
               AND EXISTS (SELECT FROM upload_file f JOIN upload u ON u.id = f.upload_id
                            WHERE f.sha256 = s.sha256 AND u.tenant = s.tenant AND u.state = 'OPEN')
            """;
    private static final String EXPIRE_UNUSED = """
            UPDATE upload u SET state = 'EXPIRED'
             WHERE state = 'COMPLETED' AND completed_at < :before
               AND NOT EXISTS (SELECT FROM job
                                WHERE job.tenant = u.tenant AND strpos(job.request, '"' || u.id || '"') > 0
                                  AND (job.state IN ('QUEUED', 'RUNNING', 'PAUSED', 'CANCELLING')
                                       OR job.finished_at > :before))
            """;
    // A row of its own where there is none: another transaction that asks for the file waits at it.
    private static final String HOLD = """
            INSERT INTO stored_file AS s (tenant, sha256, size) VALUES (:tenant, :sha256, 0)
            ON CONFLICT (tenant, sha256) DO UPDATE SET size = s.size
            """;
    private static final String USED = """
            SELECT EXISTS (SELECT FROM upload_file f JOIN upload u ON u.id = f.upload_id
                            WHERE f.sha256 = :sha256 AND u.tenant = :tenant AND u.state <> 'EXPIRED')
            """;
    private static final String FORGET = "DELETE FROM stored_file WHERE tenant = :tenant AND sha256 = :sha256";
    private static final String NOTE = """
            INSERT INTO stored_file (tenant, sha256, size) VALUES (:tenant, :sha256, :size)
            ON CONFLICT (tenant, sha256) DO UPDATE SET size = excluded.size
             WHERE stored_file.verified_at IS NULL AND stored_file.size <> excluded.size
            """;
    private static final String STORED =
            "SELECT sha256, size, transfer, verified_at FROM stored_file WHERE tenant = :tenant AND sha256 = :sha256";
    private static final String TRANSFER = """
            UPDATE stored_file SET transfer = :next::text
             WHERE tenant = :tenant AND sha256 = :sha256 AND transfer IS NOT DISTINCT FROM :last::text
            """;
    private static final String VERIFIED = """
            UPDATE stored_file SET verified_at = CASE WHEN :verified THEN now() END, transfer = NULL
             WHERE tenant = :tenant AND sha256 = :sha256
            """;

    private final JdbcClient db;
    private final TransactionOperations transactions;

    public UploadRepository(JdbcClient db, TransactionOperations transactions) {
        this.db = db;
        this.transactions = transactions;
    }

    /** A transfer that nobody waits for; the store may drop its parts. */
    public record Abandoned(
            String tenant, String sha256, @Nullable String transfer) {}

    /**
     * Opens an upload of these files, or finds the open one; either way it now lasts as long as this.
     *
     * @param content names the list of files
     */
    public Upload open(Principal principal, String content, List<Upload.File> files, Duration lasting) {
        return transactions.execute(status -> {
            UUID id = db.sql(OPEN)
                    .param("id", UUID.randomUUID())
                    .param("tenant", principal.tenant())
                    .param("principal", principal.name())
                    .param("content", content)
                    .param("seconds", lasting.toMillis() / 1000.0)
                    .query(UUID.class)
                    .single();
            db.sql(ADD)
                    .param("id", id)
                    .param("names", files.stream().map(Upload.File::name).toArray(String[]::new))
                    .param("sizes", files.stream().map(Upload.File::size).toArray(Long[]::new))
                    .param("digests", files.stream().map(Upload.File::sha256).toArray(String[]::new))
                    .update();
            return find(principal.tenant(), id).orElseThrow();
        });
    }

    public Optional<Upload> find(String tenant, UUID id) {
        List<Upload.File> files = db.sql(FILES)
                .param("id", id)
                .query((row, index) ->
                        new Upload.File(row.getString("name"), row.getLong("size"), row.getString("sha256")))
                .list();
        return db.sql(FIND)
                .param("tenant", tenant)
                .param("id", id)
                .query((row, index) -> new Upload(
                        id,
                        row.getString("tenant"),
                        row.getString("principal"),
                        Upload.State.valueOf(row.getString("state")),
                        Columns.instant(row, "expires_at"),
                        files))
                .optional();
    }

    /**
     * A page of the uploads that have not ended, newest first.
     *
     * @param cursor from the page before; null is the first page
     * @param limit at least 1
     */
    public UploadView.Page list(String tenant, @Nullable String cursor, int limit) {
        Cursor after = cursor == null ? null : Cursor.parse(cursor);
        List<UploadView.Summary> found = db.sql(PAGE)
                .param("tenant", tenant)
                .param("createdAt", after == null ? null : OffsetDateTime.ofInstant(after.createdAt(), ZoneOffset.UTC))
                .param("id", after == null ? null : after.id())
                .param("limit", limit + 1)
                .query(UploadRepository::summary)
                .list();
        if (found.size() <= limit) {
            return new UploadView.Page(found, null);
        }
        UploadView.Summary last = found.get(limit - 1);
        return new UploadView.Page(
                found.subList(0, limit), new Cursor(last.createdAt(), UUID.fromString(last.id())).toString());
    }

    /**
     * Ends an upload that no unfinished job reads; its files go with the next sweep, unless another upload names them.
     * A job that is submitted at the same moment finds that its source has ended.
     *
     * @return the job that reads it; empty where the upload has ended
     */
    public Optional<UUID> delete(String tenant, UUID id) {
        return transactions.execute(status -> {
            Optional<UUID> reader = db.sql(READER)
                    .param("tenant", tenant)
                    .param("id", id.toString())
                    .query(UUID.class)
                    .optional();
            if (reader.isEmpty()) {
                db.sql(DELETE).param("tenant", tenant).param("id", id).update();
            }
            return reader;
        });
    }

    /** Ends an open upload, whose files are all verified. */
    public void complete(String tenant, UUID id) {
        db.sql(COMPLETE).param("tenant", tenant).param("id", id).update();
    }

    /** Ends the uploads that were not completed in time, and forgets the files that none is left to wait for. */
    public List<Abandoned> expire() {
        return transactions.execute(status -> {
            db.sql(EXPIRE).update();
            return db.sql(ABANDONED)
                    .query((row, index) ->
                            new Abandoned(row.getString("tenant"), row.getString("sha256"), row.getString("transfer")))
                    .list();
        });
    }

    /** The store's ids of the parts that open uploads send. */
    public Set<String> awaited() {
        return Set.copyOf(db.sql(AWAITED).query(String.class).list());
    }

    /**
     * Ends the uploads that were completed before this moment and that no job needs: none that is not at its end, and
     * none that came to it since.
     *
     * @return how many
     */
    public int expireUnused(Instant before) {
        return db.sql(EXPIRE_UNUSED)
                .param("before", OffsetDateTime.ofInstant(before, ZoneOffset.UTC))
                .update();
    }

    /**
     * Deletes a file that no upload names any more. An upload that names it meanwhile waits, and then finds that it is
     * gone.
     *
     * @param delete deletes the object, and says whether it was there
     * @return whether there was an object, and is none now
     */
    public boolean drop(String tenant, String sha256, BooleanSupplier delete) {
        Map<String, String> file = Map.of("tenant", tenant, "sha256", sha256);
        return transactions.execute(status -> {
            db.sql(HOLD).params(file).update();
            if (db.sql(USED).params(file).query(Boolean.class).single()) {
                status.setRollbackOnly();
                return false;
            }
            db.sql(FORGET).params(file).update();
            return delete.getAsBoolean();
        });
    }

    /**
     * What the store has of a file; noted as nothing where it was not known. Only of a verified one is the size ours.
     */
    public Upload.Stored stored(String tenant, Upload.File file) {
        db.sql(NOTE)
                .param("tenant", tenant)
                .param("sha256", file.sha256())
                .param("size", file.size())
                .update();
        return db.sql(STORED)
                .param("tenant", tenant)
                .param("sha256", file.sha256())
                .query(UploadRepository::stored)
                .single();
    }

    /** Notes another transfer of a file; false when it is no longer the last one that is replaced. */
    public boolean transfer(String tenant, String sha256, @Nullable String last, @Nullable String next) {
        Map<String, Object> columns = new HashMap<>();
        columns.put("tenant", tenant);
        columns.put("sha256", sha256);
        columns.put("last", last);
        columns.put("next", next);
        return db.sql(TRANSFER).params(columns).update() == 1;
    }

    /** Notes that the object has this SHA-256, or that there is none with it any more. */
    public void verified(String tenant, String sha256, boolean verified) {
        db.sql(VERIFIED)
                .param("tenant", tenant)
                .param("sha256", sha256)
                .param("verified", verified)
                .update();
    }

    private static UploadView.Summary summary(ResultSet row, int index) throws SQLException {
        return new UploadView.Summary(
                row.getString("id"),
                row.getString("state"),
                row.getString("principal"),
                row.getInt("files"),
                row.getLong("bytes"),
                Columns.instant(row, "created_at"),
                Columns.nullableInstant(row, "expires_at"),
                Columns.nullableInstant(row, "completed_at"));
    }

    private static Upload.Stored stored(ResultSet row, int index) throws SQLException {
        return new Upload.Stored(
                row.getString("sha256"),
                row.getLong("size"),
                row.getString("transfer"),
                row.getObject("verified_at") != null);
    }
}
