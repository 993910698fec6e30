package dev.quern.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Rows of jobs that had their first output in columns of their own, in a schema that is a migration behind. */
class OutputsMigrationTest {
    private static final String SCHEMA = "first_output";
    private static final String INSERT_JOB = """
            INSERT INTO first_output.job (id, tenant, principal, source, recipe_name, prefix, output_uri, request, recipe, state,
                   output, output_digest)
            VALUES (:id, 't', 'p', '/model', 'w4', :prefix, :uri::text, '{}', '{"name":"w4"}', :state, :output::text,
                   :digest::text)
            """;
    private static final String INSERT_OUTPUT = """
            INSERT INTO first_output.job_output (job_id, position, recipe_name, recipe, prefix, location, digest, accepted)
            VALUES (:id, :position, 'w3', '{"name":"w3"}', :prefix, :location::text, :digest::text, :accepted::boolean)
            """;
    private static final JdbcClient DB = TestDatabase.shared().client();

    private static final UUID WITHOUT_ROW = UUID.randomUUID();
    private static final UUID HELD = UUID.randomUUID();
    private static final UUID SEVERAL = UUID.randomUUID();

    private record Row(
            int position,
            String recipeName,
            String prefix,
            String uri,
            String location,
            String digest,
            Boolean accepted) {}

    @BeforeAll
    static void migrate() {
        flyway("25").migrate();
        job(WITHOUT_ROW, "a", "s3://bucket/a", "COMPLETED", "s3://bucket/a/", "d1");
        job(HELD, "b", null, "QUARANTINED", "t/t/quarantine/b/", "d2");
        output(HELD, 0, "b", null, null, null);
        job(SEVERAL, "c", null, "COMPLETED", "stale", "stale");
        output(SEVERAL, 0, "c", "t/t/outputs/c/", "d3", true);
        output(SEVERAL, 1, "c2", "t/t/outputs/c2/", "d4", true);
        flyway("26").migrate();
    }

    @Test
    void aJobWithoutARowForItsOutputGetsOne() {
        assertThat(rows(WITHOUT_ROW))
                .containsExactly(new Row(0, "w4", "a", "s3://bucket/a", "s3://bucket/a/", "d1", true));
    }

    @Test
    void aPlaceThatOnlyTheJobKnewIsTaken() {
        assertThat(rows(HELD)).containsExactly(new Row(0, "w3", "b", null, "t/t/quarantine/b/", "d2", false));
    }

    @Test
    void rowsOfOutputsThatAreThereStand() {
        assertThat(rows(SEVERAL))
                .containsExactly(
                        new Row(0, "w3", "c", null, "t/t/outputs/c/", "d3", true),
                        new Row(1, "w3", "c2", null, "t/t/outputs/c2/", "d4", true));
    }

    @Test
    void theColumnsAreGone() {
        List<String> columns = DB.sql(
                        "SELECT column_name FROM information_schema.columns WHERE table_schema = :schema AND table_name = 'job'")
                .param("schema", SCHEMA)
                .query(String.class)
                .list();

        assertThat(columns)
                .contains("result")
                .doesNotContain("recipe", "recipe_name", "prefix", "output_uri", "output", "output_digest");
    }

    private static Flyway flyway(String version) {
        return Flyway.configure()
                .dataSource(TestDatabase.shared().source())
                .schemas(SCHEMA)
                .locations("filesystem:../../db/migration")
                .target(version)
                .load();
    }

    private static void job(UUID id, String prefix, String uri, String state, String output, String digest) {
        DB.sql(INSERT_JOB)
                .param("id", id)
                .param("prefix", prefix)
                .param("uri", uri)
                .param("state", state)
                .param("output", output)
                .param("digest", digest)
                .update();
    }

    private static void output(UUID id, int position, String prefix, String location, String digest, Boolean accepted) {
        DB.sql(INSERT_OUTPUT)
                .param("id", id)
                .param("position", position)
                .param("prefix", prefix)
                .param("location", location)
                .param("digest", digest)
                .param("accepted", accepted)
                .update();
    }

    private static List<Row> rows(UUID job) {
        return DB.sql("SELECT * FROM first_output.job_output WHERE job_id = :job ORDER BY position")
                .param("job", job)
                .query((row, index) -> new Row(
                        row.getInt("position"),
                        row.getString("recipe_name"),
                        row.getString("prefix"),
                        row.getString("uri"),
                        row.getString("location"),
                        row.getString("digest"),
                        (Boolean) row.getObject("accepted")))
                .list();
    }
}
