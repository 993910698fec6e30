package dev.quern.embedded;

import dev.quern.api.ApiApplication;
import dev.quern.control.ControlApplication;
import dev.quern.control.WorkerSupply;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.access.AccessRepository;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.postgres.PostgresServer;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.process.JavaCommand;
import dev.quern.temporal.TemporalServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.WebServer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.DataAccessException;

/** All parts of one stack, started in the order in which they need each other and closed in the opposite one. */
final class Stack implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Stack.class);
    private static final String TENANT = "default";
    private static final String WORKER = "dev.quern.worker.WorkerMain";
    private static final Duration LINK_VALIDITY = Duration.ofMinutes(10);
    /** Between two commands of a script the stack stays. */
    private static final Duration LINGER = Duration.ofSeconds(3);
    /** For the command that started the stack to take its lease. */
    private static final Duration FIRST_LINGER = Duration.ofSeconds(30);

    private static final Duration TICK = Duration.ofMillis(250);

    private final Closer parts;
    private final DataFolder folder;
    private final StackOptions options;
    private final String token;
    private final String store;
    private final Database postgres;
    private final List<ChildProcess> workers = new ArrayList<>();
    private final AccessRepository access;
    private final JobRepository jobs;
    private final LeaseServer leases;
    private volatile boolean closing;

    private Stack(Closer parts, DataFolder folder, StackOptions options) throws IOException {
        this.parts = parts;
        this.folder = folder;
        this.options = options;
        this.token = folder.token();
        String asked = options.store();
        this.store = asked == null ? folder.store() : asked;
        CompletableFuture<PostgresServer> database =
                CompletableFuture.supplyAsync(() -> PostgresServer.start(folder.file("pg"), folder.file("cache")));
        TemporalServer temporal = parts.add(TemporalServer.start(token, options.temporalPort()));
        this.postgres =
                parts.add(new Database(database.join(), folder.file("pg").resolve("server.log")));
        // Workers take seconds to start; the service does not wait for them.
        startWorkers(temporal.address());
        parts.add(startControl(temporal.address()));
        // The control process has claimed it, and no job can have been accepted yet.
        folder.belongTo(store);
        ConfigurableApplicationContext api = parts.add(startApi());
        this.access = api.getBean(AccessRepository.class);
        this.jobs = api.getBean(JobRepository.class);
        access.registerOnly(token, administrator());
        String url = "http://127.0.0.1:" + port(api);
        this.leases = parts.add(
                LeaseServer.start(token, () -> link(url), this::troubles, () -> workers.forEach(ChildProcess::hurry)));
        publish(new StackInfo(
                System.getProperty("quern.build", "unknown"),
                ProcessHandle.current().pid(),
                url,
                temporal.address(),
                store,
                leases.port(),
                options.workers(),
                Instant.now()));
    }

    /** Answers when everything is ready. When a part does not start, what had been started is closed. */
    static Stack start(DataFolder folder, StackOptions options) throws IOException {
        Closer parts = new Closer();
        try {
            return new Stack(parts, folder, options);
        } catch (IOException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    private void startWorkers(String temporal) {
        for (int worker = 1; worker <= options.workers(); worker++) {
            String name = "worker-" + worker;
            workers.add(parts.add(ChildProcess.start(
                    name, workerCommand(temporal, name), folder.logs().resolve(name + ".log"))));
        }
    }

    /** Why no worker of the stack comes up; empty while one runs or may still come up. */
    private Optional<String> noWorker() {
        List<Optional<String>> troubles =
                workers.stream().map(ChildProcess::trouble).toList();
        return troubles.stream().allMatch(Optional::isPresent) ? troubles.getFirst() : Optional.empty();
    }

    private String troubles() {
        return Stream.concat(
                        postgres.trouble().stream(),
                        workers.stream().flatMap(worker -> worker.trouble().or(worker::shortage).stream()))
                .collect(Collectors.joining("; "));
    }

    private ProcessBuilder workerCommand(String temporal, String name) {
        String scratch = folder.file("scratch").resolve(name).toString();
        ProcessBuilder command = JavaCommand.of(
                List.of("nice", "-n", "5"),
                workerJvm(options.heapEach(), scratch),
                WORKER,
                List.of(
                        "--temporal",
                        temporal,
                        "--store",
                        store,
                        "--threads",
                        Integer.toString(options.threadsEach()),
                        "--memory",
                        Long.toString(options.memoryEach()),
                        "--http-port",
                        "0",
                        "--lifetime",
                        "input",
                        "--scratch",
                        scratch));
        // What was set for another installation does not concern this one.
        command.environment().keySet().removeIf(variable -> variable.startsWith("QUERN_TEMPORAL"));
        command.environment().put("QUERN_TOKEN", token);
        return command;
    }

    static List<String> workerJvm(long heap, String scratch) {
        return List.of(
                "-Xmx" + (heap >> 20) + "m",
                "-Djava.io.tmpdir=" + scratch,
                "-XX:+UseSerialGC",
                // A worker without memory is replaced; one that lingers half dead is not.
                "-XX:+ExitOnOutOfMemoryError",
                "--add-modules=jdk.incubator.vector",
                "-Dlogback.configurationFile=dev/quern/embedded/logback.xml");
    }

    private ConfigurableApplicationContext startControl(String temporal) {
        WorkerSupply supply = this::noWorker;
        return run(
                new SpringApplicationBuilder(ControlApplication.class)
                        .initializers(context -> context.getBeanFactory().registerSingleton("workerSupply", supply)),
                WebApplicationType.NONE,
                Map.of(
                        "quern.temporal.address",
                        temporal,
                        "quern.temporal.token",
                        token,
                        "quern.temporal.namespace",
                        "default",
                        "quern.http.port",
                        0,
                        "quern.workers",
                        options.workers(),
                        "quern.worker-threads",
                        options.threadsEach(),
                        "quern.scratch",
                        folder.file("scratch").resolve("control").toString()));
    }

    private ConfigurableApplicationContext startApi() {
        return run(
                new SpringApplicationBuilder(ApiApplication.class),
                WebApplicationType.SERVLET,
                Map.of("server.address", "127.0.0.1", "server.port", options.port()));
    }

    /** Properties go in as arguments, which outrank the files of properties that the applications bring along. */
    private ConfigurableApplicationContext run(
            SpringApplicationBuilder application, WebApplicationType type, Map<String, Object> properties) {
        Map<String, Object> all = new HashMap<>(properties);
        all.put("spring.datasource.url", postgres.jdbcUrl());
        all.put("spring.datasource.username", PostgresServer.USER);
        all.put("spring.datasource.password", postgres.password());
        all.put("quern.store", store);
        all.put("spring.main.banner-mode", "off");
        all.put("spring.jmx.enabled", "false");
        all.put("logging.config", "classpath:dev/quern/embedded/logback.xml");
        return application
                .web(type)
                .registerShutdownHook(false)
                .run(all.entrySet().stream()
                        .map(property -> "--" + property.getKey() + "=" + property.getValue())
                        .toArray(String[]::new));
    }

    private static int port(ConfigurableApplicationContext api) {
        WebServer server = ((WebServerApplicationContext) api).getWebServer();
        return Objects.requireNonNull(server, "the api has no web server").getPort();
    }

    private static Principal administrator() {
        return new Principal(TENANT, "cli", Set.of(Scope.values()));
    }

    private String link(String url) {
        return url + "/login?link="
                + access.createLink(token, LINK_VALIDITY)
                        .orElseThrow(() -> new IllegalStateException("the key of this stack is not valid any more"));
    }

    private void publish(StackInfo info) throws IOException {
        folder.writePrivate("stack.json", info.toJson());
        parts.add(() -> java.nio.file.Files.deleteIfExists(folder.file("stack.json")));
        log.info("Ready at {}", info.url());
    }

    /** Returns when no command holds a lease and no detached job runs, and when the stack is closed. */
    void awaitIdle() throws InterruptedException {
        long lingerUntil = System.nanoTime() + FIRST_LINGER.toNanos();
        while (!closing) {
            keepDatabase();
            if (leases.count() > 0) {
                lingerUntil = System.nanoTime() + LINGER.toNanos();
            } else if (System.nanoTime() - lingerUntil > 0 && !hasDetachedJob() && leases.closeIfIdle()) {
                log.info("Nobody needs the stack: it ends");
                return;
            }
            Thread.sleep(TICK);
        }
    }

    /** Without a command that waits for it, a stack whose database does not start ends. */
    private void keepDatabase() {
        try {
            postgres.keep();
        } catch (IllegalStateException | UncheckedIOException e) {
            if (leases.count() == 0) {
                throw e;
            }
        }
    }

    private boolean hasDetachedJob() {
        try {
            return jobs.unfinished().stream().anyMatch(Stack::needsStack);
        } catch (DataAccessException e) {
            log.warn("The database does not answer", e);
            return true;
        }
    }

    /** A paused job waits for a command that resumes it, and that command starts a stack. */
    private static boolean needsStack(Job job) {
        return job.request().detach() && job.state() != JobState.PAUSED;
    }

    /** Leaves the rows as they are: the next stack on this folder continues the unfinished jobs. */
    @Override
    public void close() {
        closing = true;
        parts.close();
    }
}
