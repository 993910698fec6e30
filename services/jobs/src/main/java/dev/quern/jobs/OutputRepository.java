package dev.quern.jobs;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The results of jobs: what is asked for, and where it is once it is made. */
public final class OutputRepository {
    private static final String INSERT = """
            INSERT INTO job_output (job_id, position, recipe_name, recipe, prefix, uri)
            VALUES (:job, :position, :recipeName, :recipe::text, :prefix, :uri::text)
            """;
    private static final String PUBLISHED = """
            UPDATE job_output SET location = :location, digest = :digest, accepted = :accepted
             WHERE job_id = :job AND position = :position
            """;
    // Of what is published the claim was never given back.
    private static final String UNCLAIMED = """
            SELECT position, prefix, uri FROM job_output
             WHERE job_id = :job AND accepted IS DISTINCT FROM true ORDER BY position
            """;

    // The job that published at a prefix comes last.
    private static final String PREFIXES = """
            SELECT o.prefix, o.job_id FROM job_output o JOIN job ON job.id = o.job_id
             WHERE job.tenant = :tenant AND job.deleted_at IS NULL AND o.uri IS NULL
             ORDER BY o.accepted IS NOT DISTINCT FROM true, job.created_at
            """;

    private final JdbcClient db;

    public OutputRepository(JdbcClient db) {
        this.db = db;
    }

    /**
     * What a job claims for a result.
     *
     * @param position among its results
     * @param prefix under the tenant's outputs in the store
     * @param uri in its place; null where the output is in the store
     */
    record Claim(int position, String prefix, @Nullable String uri) {}

    /** Notes that a result is complete at a place; repeatable. */
    public void published(UUID job, int position, String location, String digest, boolean accepted) {
        db.sql(PUBLISHED)
                .param("job", job)
                .param("position", position)
                .param("location", location)
                .param("digest", digest)
                .param("accepted", accepted)
                .update();
    }

    /** The prefixes under the tenant's outputs in the store, each with the job that published there, or claims it. */
    public Map<String, UUID> jobsByPrefix(String tenant) {
        Map<String, UUID> jobs = new HashMap<>();
        db.sql(PREFIXES).param("tenant", tenant).query(row -> {
            jobs.put(row.getString(1), row.getObject(2, UUID.class));
        });
        return jobs;
    }

    /** What a new job asks for. */
    void insert(UUID job, int position, Submission.Output output) {
        db.sql(INSERT)
                .param("job", job)
                .param("position", position)
                .param("recipeName", output.recipeName())
                .param("recipe", output.recipe())
                .param("prefix", claim(job, position, output).prefix())
                .param("uri", output.uri())
                .update();
    }

    /**
     * An output without a name is called by its job, and one after the first by its recipe too: none is a folder of
     * another.
     */
    static Claim claim(UUID job, int position, Submission.Output output) {
        String prefix = position == 0 ? job.toString() : job + "-" + output.recipeName();
        return new Claim(position, Objects.requireNonNullElse(output.prefix(), prefix), output.uri());
    }

    /** What a job that starts again must claim anew. */
    List<Claim> unclaimed(UUID job) {
        return db.sql(UNCLAIMED)
                .param("job", job)
                .query((row, index) -> new Claim(row.getInt(1), row.getString(2), row.getString(3)))
                .list();
    }
}
