package dev.quern.jobs.installation;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Questions what a job would take: asked by the api, answered by a control process. */
public final class EstimateRepository {
    private static final String ASK = """
            INSERT INTO estimate (id, tenant, request, recipe) VALUES (:id, :tenant, :request, :recipe)
            """;
    // A control process that died with a question leaves it to another.
    private static final String TAKE = """
            UPDATE estimate SET taken_at = now()
             WHERE id = (SELECT id FROM estimate
                          WHERE answer IS NULL AND failure_code IS NULL
                            AND (taken_at IS NULL OR taken_at < now() - make_interval(secs => :seconds))
                          ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, tenant, request, recipe
            """;
    private static final String ANSWER = "UPDATE estimate SET answer = :answer WHERE id = :id";
    private static final String REFUSE = """
            UPDATE estimate SET failure_code = :code, failure_message = :message WHERE id = :id
            """;
    private static final String FIND = """
            SELECT answer, failure_code, failure_message FROM estimate
             WHERE id = :id AND (answer IS NOT NULL OR failure_code IS NOT NULL)
            """;
    // With those of an api process that died before it read the answer.
    private static final String DROP = "DELETE FROM estimate WHERE id = :id OR created_at < now() - interval '1 hour'";

    private final JdbcClient db;

    public EstimateRepository(JdbcClient db) {
        this.db = db;
    }

    /** A question; request and recipes, an array, are JSON. */
    public record Question(UUID id, String tenant, String request, String recipes) {}

    /**
     * @param estimate as JSON; null where there is none
     * @param code of {@code ErrorCode} where there is none
     */
    public record Answer(
            @Nullable String estimate,
            @Nullable String code,
            @Nullable String message) {}

    public UUID ask(String tenant, String request, String recipes) {
        UUID id = UUID.randomUUID();
        db.sql(ASK)
                .param("id", id)
                .param("tenant", tenant)
                .param("request", request)
                .param("recipe", recipes)
                .update();
        return id;
    }

    /**
     * The oldest question that nobody has taken.
     *
     * @param patience after so long without an answer it is given to another
     */
    public Optional<Question> take(Duration patience) {
        return db.sql(TAKE)
                .param("seconds", patience.toMillis() / 1000.0)
                .query((row, index) -> new Question(
                        row.getObject("id", UUID.class),
                        row.getString("tenant"),
                        row.getString("request"),
                        row.getString("recipe")))
                .optional();
    }

    /** @param estimate as JSON */
    public void answer(UUID id, String estimate) {
        db.sql(ANSWER).param("id", id).param("answer", estimate).update();
    }

    public void refuse(UUID id, String code, String message) {
        db.sql(REFUSE)
                .param("id", id)
                .param("code", code)
                .param("message", message)
                .update();
    }

    /** Empty before there is an answer. */
    public Optional<Answer> find(UUID id) {
        return db.sql(FIND)
                .param("id", id)
                .query((row, index) -> new Answer(row.getString(1), row.getString(2), row.getString(3)))
                .optional();
    }

    /** Ends a question, answered or not. */
    public void drop(UUID id) {
        db.sql(DROP).param("id", id).update();
    }
}
