package dev.quern.jobs;

import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The reports of jobs, one for each output, as text: written once, served as they are. */
public final class ReportRepository {
    private static final String PUT = """
            INSERT INTO job_report (job_id, position, report) VALUES (:job, :position, :report)
            ON CONFLICT (job_id, position) DO UPDATE SET report = excluded.report, written_at = now()
            """;
    private static final String FIND = "SELECT report FROM job_report WHERE job_id = :job AND position = :position";

    private final JdbcClient db;

    public ReportRepository(JdbcClient db) {
        this.db = db;
    }

    /**
     * @param output its position in the job
     * @param report the JSON of a {@code Report}
     */
    public void put(UUID job, int output, String report) {
        db.sql(PUT)
                .param("job", job)
                .param("position", output)
                .param("report", report)
                .update();
    }

    /** The JSON of an output's report; empty before its gate. */
    public Optional<String> find(UUID job, int output) {
        return db.sql(FIND)
                .param("job", job)
                .param("position", output)
                .query(String.class)
                .optional();
    }
}
