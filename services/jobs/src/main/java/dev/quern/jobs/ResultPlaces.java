package dev.quern.jobs;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Where the results of a tenant's jobs are in the store. */
public final class ResultPlaces {
    private static final String PREFIXES = """
            SELECT o.prefix, o.job_id FROM job_output o JOIN job ON job.id = o.job_id
             WHERE job.tenant = :tenant AND job.deleted_at IS NULL AND o.uri IS NULL
             ORDER BY o.accepted IS NOT DISTINCT FROM true, job.created_at
            """;

    private final JdbcClient db;

    public ResultPlaces(JdbcClient db) {
        this.db = db;
    }

    /** Prefixes under the tenant's outputs with their jobs. Where several jobs used one, it is that of the job that published there. */
    public Map<String, UUID> outputs(String tenant) {
        Map<String, UUID> places = new HashMap<>();
        db.sql(PREFIXES).param("tenant", tenant).query(row -> {
            places.put(row.getString(1), row.getObject(2, UUID.class));
        });
        return places;
    }
}
