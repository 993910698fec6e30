package dev.quern.api;

import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.EventRepository;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.OutputRepository;
import dev.quern.jobs.ReportRepository;
import dev.quern.jobs.StepRepository;
import dev.quern.jobs.Submission;
import dev.quern.jobs.access.AccessRepository;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.jobs.installation.WorkerRepository;
import dev.quern.jobs.upload.Upload;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The real api process on a real PostgreSQL with our migrations, one for all tests of a JVM; tests make jobs of their
 * own.
 */
public final class ApiServer {
    static final String TENANT = "default";
    private static final ApiServer SHARED = start();

    private final ConfigurableApplicationContext context;
    private final Path store;
    private final HttpClient http = HttpClient.newHttpClient();
    final JobRepository jobs;
    final StepRepository steps;
    final BoardRepository boards;
    final WorkerRepository workers;
    final EventRepository events;
    final ReportRepository reports;
    final OutputRepository outputs;
    final AccessRepository access;
    final UploadRepository uploads;
    final JdbcClient db;
    final String admin;
    final String submit;
    final String read;

    private ApiServer(ConfigurableApplicationContext context, Path store) {
        this.context = context;
        this.store = store;
        this.db = JdbcClient.create(context.getBean(DataSource.class));
        TransactionTemplate transactions =
                new TransactionTemplate(new DataSourceTransactionManager(context.getBean(DataSource.class)));
        this.jobs = new JobRepository(db, transactions);
        this.steps = new StepRepository(db, transactions);
        this.boards = new BoardRepository(db, transactions);
        this.workers = new WorkerRepository(db);
        this.events = new EventRepository(db);
        this.reports = new ReportRepository(db);
        this.outputs = new OutputRepository(db);
        this.uploads = new UploadRepository(db, transactions);
        this.access = new AccessRepository(db);
        this.admin = key(principal(Scope.ADMIN));
        this.submit = key(principal(Scope.SUBMIT));
        this.read = key(principal(Scope.READ));
    }

    /** The secret of a new key. */
    public String key(Principal principal) {
        return access.create(principal, "test", null).secret();
    }

    /** A link that opens a session of this principal. */
    String link(Principal principal) {
        return access.createLink(key(principal), Duration.ofMinutes(1)).orElseThrow();
    }

    public static ApiServer shared() {
        return SHARED;
    }

    static Principal principal(Scope scope) {
        return new Principal(TENANT, "test-" + scope.name().toLowerCase(java.util.Locale.ROOT), Set.of(scope));
    }

    public <T> T bean(String name, Class<T> type) {
        return context.getBean(name, type);
    }

    public String readKey() {
        return read;
    }

    String databaseUrl() {
        return context.getEnvironment().getRequiredProperty("spring.datasource.url");
    }

    String databasePassword() {
        return context.getEnvironment().getRequiredProperty("spring.datasource.password");
    }

    Path store() {
        return store;
    }

    int port() {
        return Integer.parseInt(context.getEnvironment().getRequiredProperty("local.server.port"));
    }

    String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    public HttpResponse<String> get(String path, String key, String... headers) {
        return send(request(path, key, headers).GET());
    }

    HttpResponse<String> post(String path, String key, String body, String... headers) {
        return send(request(path, key, headers)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    HttpRequest.Builder request(String path, String key, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url(path))).timeout(Duration.ofMinutes(1));
        if (!key.isEmpty()) {
            request.header("Authorization", "Bearer " + key);
        }
        return headers.length == 0 ? request : request.headers(headers);
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A queued job, as a submission over REST makes it. */
    Job job(String name) {
        String request = """
                {"apiVersion":"quern/v1","source":{"path":"/models/Qwen3-8B"},"recipe":{"ref":"gptq-w4a16"},\
                "gate":{"maxKl":0.05},"outputs":[{"format":"compressed-tensors"}]}""";
        return jobs.submit(new Submission(
                        principal(Scope.ADMIN),
                        name,
                        "/models/Qwen3-8B",
                        null,
                        "gptq-w4a16",
                        request,
                        Json.write(RecordCodec.write(Recipes.find("gptq-w4a16"))),
                        Map.of("test", name),
                        false,
                        null))
                .job();
    }

    /** The id of a completed upload of files with these names, whose content nobody reads. */
    String upload(String... names) {
        List<Upload.File> files = Stream.of(names)
                .map(name -> new Upload.File(name, 1, "0".repeat(64)))
                .toList();
        Upload upload = uploads.open(principal(Scope.SUBMIT), UUID.randomUUID().toString(), files, Duration.ofHours(1));
        uploads.complete(TENANT, upload.id());
        return upload.id().toString();
    }

    private static ApiServer start() {
        try {
            Path target = Files.createDirectories(Path.of("target", "pg")).toAbsolutePath();
            TestPostgres postgres =
                    TestPostgres.start(Files.createTempDirectory(target, "home"), Path.of("target", "postgres-cache"));
            Runtime.getRuntime().addShutdownHook(new Thread(postgres::close));
            Flyway.configure()
                    .dataSource(postgres.jdbcUrl(), postgres.user(), postgres.password())
                    .locations("filesystem:../db/migration")
                    .load()
                    .migrate();
            Path store = Files.createTempDirectory(target, "store");
            ConfigurableApplicationContext context = new SpringApplicationBuilder(ApiApplication.class)
                    .registerShutdownHook(false)
                    .run(
                            "--server.port=0",
                            "--spring.datasource.url=" + postgres.jdbcUrl(),
                            "--spring.datasource.username=" + postgres.user(),
                            "--spring.datasource.password=" + postgres.password(),
                            "--quern.store=" + store.toUri(),
                            "--quern.sources=s3://models/public, s3://more",
                            "--quern.outputs=s3://results",
                            "--quern.event-poll=100ms",
                            "--quern.heartbeat=1s",
                            "--quern.proxies=10.0.0.0/8,127.0.0.1");
            return new ApiServer(context, store);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
