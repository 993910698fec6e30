package dev.quern.submissions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.artifacts.stores.Locations;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** As the control process submits: without HTTP. */
class SubmissionsTest {
    private static final String SOURCE = "\"uri\": \"s3://models/llama\"";

    private static TestPostgres server;
    private static Submissions submissions;

    private final Principal owner = new Principal("t" + UUID.randomUUID(), "policy", Set.of(Scope.SUBMIT));

    @BeforeAll
    static void start() throws IOException {
        Path home = Files.createTempDirectory(Files.createDirectories(Path.of("target/pg")), "home");
        server = TestPostgres.start(home, Path.of("target", "postgres-cache"));
        DriverManagerDataSource source =
                new DriverManagerDataSource(server.jdbcUrl(), server.user(), server.password());
        Flyway.configure()
                .dataSource(source)
                .locations("filesystem:../../db/migration")
                .load()
                .migrate();
        JdbcClient db = JdbcClient.create(source);
        TransactionTemplate transactions = new TransactionTemplate(new JdbcTransactionManager(source));
        submissions = new Submissions(
                new JobRepository(db, transactions),
                new UploadRepository(db, transactions),
                Locations.parse("s3://models"),
                Locations.parse(""),
                2);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void oneKeyIsOneJob() {
        JobRepository.Submitted first = submissions.submit(owner, request(SOURCE), "policy-1/digest");
        JobRepository.Submitted again = submissions.submit(owner, request(SOURCE), "policy-1/digest");

        assertThat(first.created()).isTrue();
        assertThat(again.created()).isFalse();
        assertThat(again.job().id()).isEqualTo(first.job().id());
        assertThat(first.job().outputs())
                .singleElement()
                .satisfies(output -> assertThat(output.recipeName()).isEqualTo("gptq-w4a16"));
    }

    @Test
    void aTenantHasNoMoreUnfinishedJobsThanAllowed() {
        submissions.submit(owner, request(SOURCE), null);
        submissions.submit(owner, request(SOURCE), null);

        assertThatThrownBy(() -> submissions.submit(owner, request(SOURCE), null))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("2");
    }

    @Test
    void refusesPlacesThatAreNotAllowed() {
        assertRefused(request("\"uri\": \"s3://elsewhere/llama\""), ErrorCode.INVALID_REQUEST, "source.uri");
        assertRefused(request("\"path\": \"/models/llama\""), ErrorCode.FORBIDDEN, "source.path: refused to policy");
        assertRefused(request("\"upload\": \"" + UUID.randomUUID() + "\""), ErrorCode.INVALID_REQUEST, "source.upload");
    }

    @Test
    void refusesAKeyThatNoColumnHolds() {
        assertThatThrownBy(() -> submissions.submit(owner, request(SOURCE), "k".repeat(256)))
                .isInstanceOf(QuernException.class)
                .hasMessage("Idempotency-Key: 256 characters (expected: 1 to 255)");
    }

    private void assertRefused(JobRequest request, ErrorCode code, String message) {
        assertThatThrownBy(() -> submissions.submit(owner, request, null))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(message);
    }

    private static JobRequest request(String source) {
        String json = """
                {"apiVersion": "%s", "source": {%s}, "recipe": {"ref": "gptq-w4a16"}, "outputs": [{"format": "compressed-tensors"}]}""".formatted(JobRequest.API_VERSION, source);
        return RecordCodec.read(Json.parse(json), JobRequest.class);
    }
}
