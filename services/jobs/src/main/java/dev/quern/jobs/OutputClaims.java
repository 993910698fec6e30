package dev.quern.jobs;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Which job an output belongs to. Claims are taken in the caller's transaction, so of two jobs that want one output one
 * waits.
 */
final class OutputClaims {
    private static final String TAKE = """
            INSERT INTO output_claim (tenant, prefix, job_id) VALUES (:tenant, :name, :job)
            ON CONFLICT (tenant, prefix) DO NOTHING
            """;
    private static final String TAKEN =
            "SELECT EXISTS (SELECT FROM output_claim WHERE tenant = :tenant AND prefix = :name)";
    private static final String HELD =
            "SELECT EXISTS (SELECT FROM output_claim WHERE job_id = :job AND prefix = :name)";
    // Until the transaction ends: the look for an overlap must see every claim before it.
    private static final String LOCK = "SELECT pg_advisory_xact_lock(hashtext('output_claim'))";
    // Across tenants, because they share a bucket. No output may be within another.
    private static final String OVERLAPS = """
            SELECT EXISTS (SELECT FROM output_claim
             WHERE starts_with(prefix, 's3://')
               AND (starts_with(:uri || '/', prefix || '/') OR starts_with(prefix || '/', :uri || '/')))
            """;

    private final JdbcClient db;

    OutputClaims(JdbcClient db) {
        this.db = db;
    }

    /** @throws QuernException OUTPUT_TAKEN */
    void take(String tenant, UUID job, OutputRepository.Claim output) {
        if (!insert(tenant, job, output.prefix())) {
            throw taken(output, "prefix", output.prefix());
        }
        String uri = output.uri();
        if (uri != null) {
            db.sql(LOCK).query((row, index) -> index).single();
            boolean overlaps =
                    db.sql(OVERLAPS).param("uri", uri).query(Boolean.class).single();
            if (overlaps || !insert(tenant, job, uri)) {
                throw taken(output, "uri", uri);
            }
        }
    }

    boolean isTaken(String tenant, String prefix) {
        return db.sql(TAKEN)
                .param("tenant", tenant)
                .param("name", prefix)
                .query(Boolean.class)
                .single();
    }

    boolean isHeld(UUID job, String name) {
        return db.sql(HELD)
                .param("job", job)
                .param("name", name)
                .query(Boolean.class)
                .single();
    }

    private boolean insert(String tenant, UUID job, String name) {
        return db.sql(TAKE)
                        .param("tenant", tenant)
                        .param("name", name)
                        .param("job", job)
                        .update()
                == 1;
    }

    private static QuernException taken(OutputRepository.Claim output, String member, String name) {
        int position = output.position();
        String message = "outputs[" + position + "]." + member + ": " + name
                + " (expected: one that no job and no other output holds)";
        return new QuernException(
                ErrorCode.OUTPUT_TAKEN,
                message,
                List.of(new QuernException.Violation("/outputs/" + position + "/" + member, message)));
    }
}
