package dev.quern.jobs.installation;

import dev.quern.jobs.rows.Columns;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.view.WorkerView;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The workers that are there, and what they do and did for jobs. */
public final class WorkerRepository {
    private static final String REGISTER = """
            INSERT INTO worker (name, class, device, backend, profile, threads, memory_bytes, host_memory_bytes,
                                flops_per_second, bytes_per_second)
            VALUES (:name, :class, :id, :backend, :profile, :threads, :memoryBytes, :hostMemoryBytes,
                    :flopsPerSecond, :bytesPerSecond)
            ON CONFLICT (name) DO UPDATE SET last_seen = now()
            """;
    // What the slowest of them reaches, all reach.
    private static final String MEASURED = """
            SELECT * FROM worker
             WHERE last_seen > now() - interval '1 minute' AND bytes_per_second IS NOT NULL
               AND (:class::text IS NULL OR class = :class)
             ORDER BY flops_per_second, name LIMIT 1
            """;
    private static final String NAMES = "SELECT name FROM worker ORDER BY name";
    private static final String SEEN =
            "UPDATE worker SET last_seen = now(), doing = :doing, job_id = :job::uuid WHERE name = :name";
    private static final String REMOVE = "DELETE FROM worker WHERE name = :name";
    // Only its own jobs are shown to a tenant.
    private static final String LIST = """
            SELECT w.*, own.id AS own_job, coalesce(made.blocks, 0) AS blocks, made.last_done,
                   coalesce(made.working, '[]') AS working
              FROM worker w
              LEFT JOIN job own ON own.id = w.job_id AND own.tenant = :tenant AND own.deleted_at IS NULL
              LEFT JOIN (
                SELECT b.worker, count(*) FILTER (WHERE cells.open = 0) AS blocks, max(cells.done_at) AS last_done,
                       json_agg(json_build_object('job', b.job_id, 'block', b.block) ORDER BY b.job_id, b.block)
                           FILTER (WHERE job.state = 'RUNNING' AND cells.open > 0) AS working
                  FROM job_block b
                  JOIN job ON job.id = b.job_id
                  JOIN LATERAL (SELECT count(*) FILTER (WHERE l.state <> 'DONE') AS open, max(l.done_at) AS done_at
                                  FROM job_linear l WHERE l.job_id = b.job_id AND l.block = b.block) cells ON true
                 WHERE job.tenant = :tenant AND job.deleted_at IS NULL AND b.worker IS NOT NULL
                   AND (job.finished_at IS NULL OR job.finished_at > now() - interval '1 day')
                 GROUP BY b.worker) made ON made.worker = w.name
             WHERE w.last_seen > now() - interval '1 minute'
             ORDER BY w.since, w.name
            """;

    private final JdbcClient db;

    public WorkerRepository(JdbcClient db) {
        this.db = db;
    }

    /**
     * What a worker says of itself when it comes.
     *
     * @param workerClass for example {@code cpu}
     */
    public record Arrival(String name, String workerClass, WorkerView.Device device) {}

    /** Puts a worker on the list; one that is there stays as it is. */
    public void register(Arrival worker) {
        WorkerView.Device device = worker.device();
        db.sql(REGISTER)
                .param("name", worker.name())
                .param("class", worker.workerClass())
                .param("id", device.id())
                .param("backend", device.backend())
                .param("profile", device.profile())
                .param("threads", device.threads())
                .param("memoryBytes", device.memoryBytes())
                .param("hostMemoryBytes", device.hostMemoryBytes(), Types.BIGINT)
                .param("flopsPerSecond", device.flopsPerSecond(), Types.DOUBLE)
                .param("bytesPerSecond", device.bytesPerSecond(), Types.DOUBLE)
                .update();
    }

    /**
     * The slowest device of the workers that are there.
     *
     * @param workerClass null is any
     * @return empty where none is there that measured its device
     */
    public Optional<WorkerView.Device> measured(@Nullable String workerClass) {
        return db.sql(MEASURED)
                .param("class", workerClass, Types.VARCHAR)
                .query((row, index) -> device(row))
                .optional();
    }

    public List<String> names() {
        return db.sql(NAMES).query((row, index) -> row.getString("name")).list();
    }

    /**
     * Notes that a worker is there now.
     *
     * @param doing in words; null while it has nothing to do
     */
    public void seen(String name, @Nullable String doing, @Nullable UUID job) {
        Map<String, Object> columns = new HashMap<>();
        columns.put("name", name);
        columns.put("doing", doing);
        columns.put("job", job);
        db.sql(SEEN).params(columns).update();
    }

    public void remove(String name) {
        db.sql(REMOVE).param("name", name).update();
    }

    /** Those that were seen within a minute, the first to come first, with what they do for the tenant's jobs. */
    public List<WorkerView> list(String tenant) {
        return db.sql(LIST)
                .param("tenant", tenant)
                .query(WorkerRepository::worker)
                .list();
    }

    private static WorkerView.Device device(ResultSet row) throws SQLException {
        return new WorkerView.Device(
                row.getString("device"),
                row.getString("backend"),
                row.getString("profile"),
                row.getInt("threads"),
                row.getLong("memory_bytes"),
                row.getObject("host_memory_bytes", Long.class),
                row.getObject("flops_per_second", Double.class),
                row.getObject("bytes_per_second", Double.class));
    }

    private static WorkerView worker(ResultSet row, int index) throws SQLException {
        JsonArray working = (JsonArray) Json.parse(row.getString("working"));
        String job = row.getString("own_job");
        String doing = row.getString("doing");
        return new WorkerView(
                row.getString("name"),
                row.getString("class"),
                device(row),
                Columns.instant(row, "since"),
                Columns.instant(row, "last_seen"),
                doing != null,
                job == null || doing == null ? null : new WorkerView.Doing(job, doing),
                working.values().stream()
                        .map(value -> RecordCodec.read(value, WorkerView.Work.class))
                        .toList(),
                row.getInt("blocks"),
                Columns.nullableInstant(row, "last_done"));
    }
}
