package dev.quern.jobs;

import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The reports of jobs, as text: written once, served as they are. */
public final class ReportRepository {
    private static final String PUT = """
            INSERT INTO job_report (job_id, report) VALUES (:job, :report)
            ON CONFLICT (job_id) DO UPDATE SET report = excluded.report, written_at = now()
            """;
    private static final String FIND = "SELECT report FROM job_report WHERE job_id = :job";

    private final JdbcClient db;

    public ReportRepository(JdbcClient db) {
        this.db = db;
    }

    /** @param report the JSON of a {@code Report} */
    public void put(UUID job, String report) {
        db.sql(PUT).param("job", job).param("report", report).update();
    }

    /** The JSON of the report; empty before the gate. */
    public Optional<String> find(UUID job) {
        return db.sql(FIND).param("job", job).query(String.class).optional();
    }
}
