package dev.quern.jobs;

import dev.quern.jobs.rows.Columns;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.view.JobView;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The columns of a job, and their mapping to a {@link Job}. */
final class Rows {
    /** A rate needs some time before it says anything. */
    private static final double RATE_SECONDS = 5;

    static final String SELECT = """
            SELECT job.*,
                   CASE WHEN NOT compute_started AND state IN ('QUEUED', 'RUNNING') THEN pending_since END AS waits_since,
                   ran_seconds + coalesce(extract(epoch FROM now() - running_since), 0) AS ran,
                   ARRAY(SELECT key FROM jsonb_each_text(labels) ORDER BY key) AS label_keys,
                   ARRAY(SELECT value FROM jsonb_each_text(labels) ORDER BY key) AS label_values,
                   (SELECT json_agg(json_strip_nulls(json_build_object(
                               'position', o.position, 'recipeName', o.recipe_name, 'recipe', o.recipe, 'prefix', o.prefix,
                               'uri', o.uri, 'location', o.location, 'digest', o.digest, 'accepted', o.accepted,
                               'quality', o.quality::json))
                               ORDER BY o.position)
                      FROM job_output o WHERE o.job_id = job.id) AS outputs,
                   cells.done AS linears_done, cells.recent AS linears_recent, cells.recent_seconds, cells.blocks AS blocks_done
              FROM job
              LEFT JOIN LATERAL (
                   SELECT count(*) FILTER (WHERE l.state = 'DONE') AS done,
                          count(*) FILTER (WHERE l.done_at > now() - interval '3 minutes') AS recent,
                          extract(epoch FROM now() - min(l.done_at)
                              FILTER (WHERE l.done_at > now() - interval '3 minutes')) AS recent_seconds,
                          count(DISTINCT l.block)
                              - count(DISTINCT l.block) FILTER (WHERE l.state <> 'DONE') AS blocks
                     FROM job_linear l WHERE l.job_id = job.id) cells ON true
            """;

    private Rows() {}

    static Job job(ResultSet row, int index) throws SQLException {
        String stage = row.getString("stage");
        return new Job(
                row.getObject("id", UUID.class),
                row.getString("tenant"),
                request(row),
                JobState.valueOf(row.getString("state")),
                stage == null ? null : Stage.valueOf(stage),
                Desired.valueOf(row.getString("desired")),
                new JobView.Remarks(reason(row), failure(row), approval(row)),
                run(row),
                progress(row),
                outputs(row),
                times(row),
                row.getLong("last_event"));
    }

    private static Job.Request request(ResultSet row) throws SQLException {
        return new Job.Request(
                row.getString("principal"),
                row.getString("name"),
                row.getString("source"),
                row.getString("result"),
                row.getString("request"),
                labels(row),
                row.getBoolean("detach"),
                placement(row),
                limits(row));
    }

    private static Job.Run run(ResultSet row) throws SQLException {
        return new Job.Run(
                row.getInt("generation"),
                row.getLong("seq"),
                row.getBoolean("started"),
                row.getInt("idle_generations"),
                Columns.nullableInstant(row, "waits_since"),
                row.getDouble("ran"));
    }

    private static JobView.Times times(ResultSet row) throws SQLException {
        return new JobView.Times(
                Columns.instant(row, "created_at"),
                Columns.nullableInstant(row, "started_at"),
                Columns.instant(row, "updated_at"),
                Columns.nullableInstant(row, "finished_at"));
    }

    private static Map<String, String> labels(ResultSet row) throws SQLException {
        String[] keys = (String[]) row.getArray("label_keys").getArray();
        String[] values = (String[]) row.getArray("label_values").getArray();
        Map<String, String> labels = new HashMap<>();
        for (int i = 0; i < keys.length; i++) {
            labels.put(keys[i], values[i]);
        }
        return labels;
    }

    private static List<JobOutput> outputs(ResultSet row) throws SQLException {
        List<JobOutput> outputs = new ArrayList<>();
        if (Json.parse(row.getString("outputs")) instanceof JsonArray array) {
            array.values().forEach(value -> outputs.add(RecordCodec.read(value, JobOutput.class)));
        }
        return outputs;
    }

    private static JobRequest.@Nullable Placement placement(ResultSet row) throws SQLException {
        String workerClass = row.getString("worker_class");
        Integer segments = Columns.nullableInt(row, "segments");
        return workerClass == null && segments == null ? null : new JobRequest.Placement(workerClass, segments);
    }

    private static JobRequest.@Nullable Limits limits(ResultSet row) throws SQLException {
        Integer pending = Columns.nullableInt(row, "max_pending_seconds");
        Integer runtime = Columns.nullableInt(row, "max_runtime_seconds");
        return pending == null && runtime == null ? null : new JobRequest.Limits(pending, runtime);
    }

    private static JobView.@Nullable Reason reason(ResultSet row) throws SQLException {
        String code = row.getString("reason_code");
        return code == null
                ? null
                : new JobView.Reason(
                        ReasonCode.valueOf(code), Columns.instant(row, "reason_since"), row.getString("reason_remedy"));
    }

    private static JobView.@Nullable Failure failure(ResultSet row) throws SQLException {
        String code = row.getString("failure_code");
        return code == null ? null : new JobView.Failure(code, row.getString("failure_message"));
    }

    private static JobView.@Nullable Approval approval(ResultSet row) throws SQLException {
        Instant at = Columns.nullableInstant(row, "approved_at");
        return at == null
                ? null
                : new JobView.Approval(
                        at,
                        row.getString("approved_by"),
                        row.getString("approval_reason"),
                        row.getString("failure_message"));
    }

    /**
     * Linears per minute over the last three, or since the first one: calm, and soon at a new pace. None for a job at
     * its end.
     */
    private static @Nullable Double rate(ResultSet row) throws SQLException {
        Double seconds = Columns.nullableDouble(row, "recent_seconds");
        boolean over = JobState.valueOf(row.getString("state")).terminal();
        return over || seconds == null || seconds < RATE_SECONDS ? null : 60 * row.getInt("linears_recent") / seconds;
    }

    private static JobView.Progress progress(ResultSet row) throws SQLException {
        int block = row.getInt("block");
        return new JobView.Progress(
                row.getInt("blocks_done"),
                row.getInt("blocks"),
                block < 0 ? null : block,
                row.getInt("linears_done"),
                row.getInt("linears"),
                row.getInt("reused_blocks"),
                row.getDouble("percent"),
                rate(row),
                Columns.nullableDouble(row, "eta_seconds"));
    }
}
