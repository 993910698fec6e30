package dev.quern.jobs;

import dev.quern.jobs.rows.Columns;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.view.JobEvent;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The log of a job. Ids are counted under the lock of the job's row: from 1, without gaps, in commit order. */
public final class EventRepository {
    private static final String APPEND = """
            WITH counted AS (UPDATE job SET last_event = last_event + 1 WHERE id = :job RETURNING last_event)
            INSERT INTO job_event (job_id, id, type, data) SELECT :job, last_event, :type, :data FROM counted
            """;
    private static final String AFTER = """
            SELECT id, type, at, data FROM job_event WHERE job_id = :job AND id > :after ORDER BY id LIMIT :limit
            """;
    private static final String NEWEST = """
            SELECT id, type, at, data FROM job_event
             WHERE job_id = :job AND type NOT IN ('block', 'linear') ORDER BY id DESC LIMIT :limit
            """;
    private static final String COURSE = """
            SELECT id, type, at, data FROM job_event
             WHERE job_id = :job AND type IN ('state', 'stage', 'reason') ORDER BY id
            """;

    private final JdbcClient db;

    public EventRepository(JdbcClient db) {
        this.db = db;
    }

    /**
     * Adds an event, in the caller's transaction if there is one.
     *
     * @param type as {@link JobEvent} lists them
     */
    public void append(UUID job, String type, JsonObject data) {
        db.sql(APPEND)
                .param("job", job)
                .param("type", type)
                .param("data", Json.write(data))
                .update();
    }

    /** The events after this id, oldest first, at most {@code limit}; 0 starts at the beginning. */
    public List<JobEvent> after(UUID job, long id, int limit) {
        return db.sql(AFTER)
                .param("job", job)
                .param("after", id)
                .param("limit", limit)
                .query(EventRepository::event)
                .list();
    }

    /** The newest but those of single blocks and linears, oldest first. */
    public List<JobEvent> newest(UUID job, int limit) {
        return db.sql(NEWEST)
                .param("job", job)
                .param("limit", limit)
                .query(EventRepository::event)
                .list()
                .reversed();
    }

    /** All that tell how a job stood, oldest first: its states, stages and reasons. */
    public List<JobEvent> course(UUID job) {
        return db.sql(COURSE).param("job", job).query(EventRepository::event).list();
    }

    private static JobEvent event(ResultSet row, int index) throws SQLException {
        Map<String, Object> data = new LinkedHashMap<>();
        if (Json.parse(row.getString("data")) instanceof JsonObject object) {
            object.members().forEach((name, value) -> data.put(name, plain(value)));
        }
        return new JobEvent(row.getLong("id"), row.getString("type"), Columns.instant(row, "at"), data);
    }

    private static Object plain(JsonValue value) {
        return switch (value) {
            case JsonString(String text) -> text;
            case JsonNumber number when number.isLong() -> number.longValue();
            case JsonNumber number -> number.doubleValue();
            case JsonBool bool -> bool.value();
            default -> Json.write(value);
        };
    }
}
