package dev.quern.jobs;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.RecordCodec;
import dev.quern.recipes.view.WorkerView;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The workers that the blocks of jobs name. Nobody else here knows of a worker: one without a block is not among them. */
public final class WorkerRepository {
    private static final String LIST = """
            SELECT b.worker, count(*) FILTER (WHERE cells.open = 0) AS blocks, max(cells.done_at) AS last_done,
                   coalesce(json_agg(json_build_object('job', b.job_id, 'block', b.block) ORDER BY b.job_id, b.block)
                       FILTER (WHERE job.state = 'RUNNING' AND cells.open > 0), '[]') AS working
              FROM job_block b
              JOIN job ON job.id = b.job_id
              JOIN LATERAL (SELECT count(*) FILTER (WHERE l.state <> 'DONE') AS open, max(l.done_at) AS done_at
                              FROM job_linear l WHERE l.job_id = b.job_id AND l.block = b.block) cells ON true
             WHERE job.tenant = :tenant AND job.deleted_at IS NULL AND b.worker IS NOT NULL
               AND (job.finished_at IS NULL OR job.finished_at > now() - interval '1 day')
             GROUP BY b.worker
             ORDER BY max(cells.done_at) DESC NULLS FIRST, b.worker
            """;

    private final JdbcClient db;

    public WorkerRepository(JdbcClient db) {
        this.db = db;
    }

    /** Those with a block of the tenant's jobs that are unfinished or ended within a day; the last to finish something first. */
    public List<WorkerView> list(String tenant) {
        return db.sql(LIST)
                .param("tenant", tenant)
                .query(WorkerRepository::worker)
                .list();
    }

    private static WorkerView worker(ResultSet row, int index) throws SQLException {
        JsonArray working = (JsonArray) Json.parse(row.getString("working"));
        return new WorkerView(
                row.getString("worker"),
                working.values().stream()
                        .map(value -> RecordCodec.read(value, WorkerView.Work.class))
                        .toList(),
                row.getInt("blocks"),
                Rows.nullableInstant(row, "last_done"));
    }
}
