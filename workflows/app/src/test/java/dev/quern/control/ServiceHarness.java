package dev.quern.control;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.stores.ArtifactStores;
import dev.quern.contract.ControlActivities;
import dev.quern.control.job.Repositories;
import dev.quern.control.workflow.Workflows;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.Submission;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.jobs.installation.InstallationRepository;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.testing.Await;
import dev.quern.testing.TestBackends;
import dev.quern.testing.TestPostgres;
import dev.quern.worker.ComputeWorker;
import dev.quern.worker.WorkerConfig;
import dev.quern.worker.WorkerMain;
import io.temporal.client.WorkflowClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.util.FileSystemUtils;

/**
 * The whole service but its api: PostgreSQL, Temporal, the control process, workers, a store. Every harness has a
 * database, a namespace and a store of its own. Registered in a field it runs while the test does, in a static field
 * while all tests of the class do.
 */
public final class ServiceHarness implements BeforeAllCallback, BeforeEachCallback, AutoCloseable {
    public static final Path MODEL =
            Path.of("../../samples/tiny-llama").toAbsolutePath().normalize();
    private static final Path CACHE = Path.of("target/postgres-cache");

    private final Map<String, String> settings;
    private final UnaryOperator<String> way;
    private final Deque<ComputeWorker> workers = new ArrayDeque<>();
    private final List<Process> processes = new ArrayList<>();
    private final Map<String, Integer> disks = new HashMap<>();
    private Path folder;
    private String store;
    private TestPostgres postgres;
    private String database;
    private TestTemporal temporal;
    private ConfigurableApplicationContext control;

    public ServiceHarness() {
        this(Map.of());
    }

    /** @param settings of the environment, for control process and workers */
    public ServiceHarness(Map<String, String> settings) {
        this(settings, UnaryOperator.identity());
    }

    /** @param way to the database: from its address to that of something in front of it */
    public ServiceHarness(Map<String, String> settings, UnaryOperator<String> way) {
        this.settings = settings;
        this.way = way;
    }

    /** A part of the service's folder is to be a disk of its own, see {@link SmallDisk}. */
    public ServiceHarness withDisk(String part, int kilobytes) {
        disks.put(part, kilobytes);
        return this;
    }

    @Override
    public void beforeAll(ExtensionContext tests) {
        startIn(tests);
    }

    @Override
    public void beforeEach(ExtensionContext test) {
        startIn(test);
    }

    /**
     * Once: what a class has started is found by its tests too. JUnit closes it with the context that it started in.
     */
    private void startIn(ExtensionContext context) {
        context.getStore(ExtensionContext.Namespace.create(ServiceHarness.class))
                .computeIfAbsent(this, ServiceHarness::start);
    }

    public ServiceHarness start() {
        try {
            folder = Files.createTempDirectory("quern-service-");
            for (Map.Entry<String, Integer> disk : disks.entrySet()) {
                SmallDisk.mount(folder.resolve(disk.getKey()), disk.getValue());
            }
            store = settings.getOrDefault("quern.store", ownStore());
            postgres = TestPostgres.start(folder.resolve("pg"), CACHE);
            database = way.apply(postgres.jdbcUrl());
            temporal = TestTemporal.start();
            control = startControl(Map.of());
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String ownStore() {
        return TestBackends.external()
                ? TestBackends.required("QUERN_TEST_STORE") + "/" + UUID.randomUUID()
                : folder.resolve("store").toUri().toString();
    }

    /** This service's folder, deleted when it ends. */
    public Path folder() {
        return folder;
    }

    public String temporalAddress() {
        return temporal.address();
    }

    public String storeUrl() {
        return store;
    }

    public ArtifactStore store() throws IOException {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putAll(settings);
        ArtifactStore store = ArtifactStores.open(storeUrl(), environment);
        store.claim(control.getBean(InstallationRepository.class).id().toString());
        return store;
    }

    public ControlActivities activities() {
        return control.getBean(ControlActivities.class);
    }

    public UploadRepository uploads() {
        return control.getBean(UploadRepository.class);
    }

    public <T> T bean(Class<T> type) {
        return control.getBean(type);
    }

    public Path scratch() {
        return folder.resolve("scratch/control");
    }

    /** The scratch folder of a worker. */
    public Path scratch(String worker) {
        return folder.resolve("scratch").resolve(worker);
    }

    public Repositories rows() {
        return control.getBean(Repositories.class);
    }

    /** A worker in this process. */
    public ComputeWorker startWorker(String... more) throws IOException {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putAll(settings);
        environment.put("QUERN_TOKEN", TestTemporal.TOKEN);
        List<String> arguments = new ArrayList<>(workerArguments("inside"));
        arguments.addAll(List.of(more));
        ComputeWorker worker = ComputeWorker.start(WorkerConfig.parse(arguments, environment));
        workers.push(worker);
        return worker;
    }

    /** A worker of its own process, which can be killed and does not outlive the service. */
    public Process startWorkerProcess(String name, String... options) throws IOException {
        return startWorkerProcess(List.of(), name, options);
    }

    /** @param before words before the command */
    public Process startWorkerProcess(List<String> before, String name, String... options) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                WorkerMain.class.getName()));
        command.addAll(workerArguments(name));
        command.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile());
        builder.environment().putAll(settings);
        builder.environment().put("QUERN_TOKEN", TestTemporal.TOKEN);
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    /**
     * A worker of its own process that is ready for work, and halts at a place.
     *
     * @param place as {@code FailPoint} names it
     */
    public Process startWorkerThatDies(String name, String place, Duration limit) throws IOException {
        Process process = startWorkerProcess(List.of("env", "QUERN_FAILPOINT=" + place), name);
        awaitReady(process, name, limit);
        return process;
    }

    void awaitReady(Process worker, String name, Duration limit) {
        Await.within(limit, "the worker is ready").until(() -> {
            if (!worker.isAlive()) {
                throw new IllegalStateException("the worker ended before it was ready: " + log(name));
            }
            return log(name).contains("ready,");
        });
    }

    /** What a worker of its own process has printed. */
    String log(String name) throws IOException {
        Path log = folder.resolve(name + ".log");
        return Files.exists(log) ? Files.readString(log) : "";
    }

    private List<String> workerArguments(String name) {
        return List.of(
                "--temporal", temporalAddress(),
                "--namespace", temporal.namespace(),
                "--store", storeUrl(),
                "--threads", "2",
                "--scratch", scratch(name).toString());
    }

    /** Temporal dies; all that the in-process server knew is gone. */
    public void loseTemporal() throws IOException {
        temporal.killAndRestart();
    }

    /** The generation of a job that ran while Temporal died: the real server continues its workflow. */
    public int generationAfterLoss() {
        return temporal.forgets() ? 2 : 1;
    }

    /** As kill -9 does; then the owner finds it dead and starts it again. */
    public void killPostgres() throws Exception {
        postgres.killAndRestart();
    }

    /** As its owner does when it has died by itself. */
    public void startPostgresAgain() throws Exception {
        postgres.startAgain();
    }

    public void restartControl() {
        restartControl(Map.of());
    }

    /** @param properties in place of what a service of tests has otherwise */
    public void restartControl(Map<String, String> properties) {
        control.close();
        control = startControl(properties);
    }

    public Job submit(JobRequest request, String recipeName) {
        return submit("default", request, recipeName);
    }

    public Job submit(JobRequest request, Recipe recipe) {
        return submit("default", request, recipe);
    }

    /** @param tenant two of them share no artifacts */
    public Job submit(String tenant, JobRequest request, String recipeName) {
        return submit(tenant, request, Recipes.find(recipeName));
    }

    public Job submit(String tenant, JobRequest request, Recipe recipe) {
        JobRequest.Output output = request.outputs().isEmpty()
                ? new JobRequest.Output("compressed-tensors", null, null)
                : request.outputs().getFirst();
        return submit(tenant, request, List.of(output(output, recipe)));
    }

    /** A job with an output for each recipe. */
    public Job submit(JobRequest request, List<Recipe> recipes) {
        JobRequest.Output output = new JobRequest.Output("compressed-tensors", null, null);
        JobRequest several = withOutputs(request, Collections.nCopies(recipes.size(), output));
        return submit(
                "default",
                several,
                recipes.stream().map(recipe -> output(output, recipe)).toList());
    }

    /** The evaluation of a finished result. */
    public Job evaluate(JobRequest request) {
        return submit("default", request, List.of(new Submission.Output(null, null, "evaluation", null)));
    }

    private static Submission.Output output(JobRequest.Output output, Recipe recipe) {
        return new Submission.Output(
                output.prefix(), output.uri(), recipe.name(), Json.write(RecordCodec.write(recipe)));
    }

    private Job submit(String tenant, JobRequest request, List<Submission.Output> outputs) {
        return rows().jobs()
                .submit(new Submission(
                        new Principal(tenant, "tester", Set.of(Scope.ADMIN)),
                        null,
                        request.source().location(),
                        request.result() == null ? null : request.result().location(),
                        outputs,
                        Json.write(RecordCodec.write(request)),
                        Map.of(),
                        false,
                        null,
                        request.placement(),
                        request.limits()))
                .job();
    }

    /** The request with a say in where and how long. */
    public static JobRequest placed(
            JobRequest request, JobRequest.@Nullable Placement placement, JobRequest.@Nullable Limits limits) {
        return new JobRequest(
                request.apiVersion(),
                request.source(),
                request.result(),
                request.recipe(),
                request.calibration(),
                request.evaluation(),
                request.outputs(),
                request.gate(),
                request.naming(),
                request.detach(),
                placement,
                limits);
    }

    /** The same request with texts of these places; null is the built-in text. */
    public static JobRequest withTexts(
            JobRequest request, JobRequest.@Nullable Source calibration, JobRequest.@Nullable Source evaluation) {
        return request.reading(
                request.source(),
                request.result(),
                JobRequest.Calibration.of(calibration, 8, 128),
                List.of(JobRequest.Evaluation.of(evaluation, 4, 128)));
    }

    /** The same request for a result in another format. */
    public static JobRequest inFormat(JobRequest request, String format) {
        return withOutputs(request, List.of(new JobRequest.Output(format, null, null)));
    }

    private static JobRequest withOutputs(JobRequest request, List<JobRequest.Output> outputs) {
        return new JobRequest(
                request.apiVersion(),
                request.source(),
                request.result(),
                request.recipe(),
                request.calibration(),
                request.evaluation(),
                outputs,
                request.gate(),
                request.naming(),
                request.detach(),
                request.placement(),
                request.limits());
    }

    /** An evaluation of a result of the sample model, of windows of 128 tokens. */
    public static JobRequest evaluation(
            JobRequest.Result result, JobRequest.@Nullable Source text, int windows, @Nullable Gate gate) {
        return new JobRequest(
                JobRequest.API_VERSION,
                JobRequest.Source.onServer(MODEL.toString()),
                result,
                null,
                null,
                List.of(JobRequest.Evaluation.of(text, windows, 128)),
                List.of(new JobRequest.Output(JobRequest.Output.EVALUATION, null, null)),
                gate,
                new JobRequest.Naming(Map.of(), null),
                false,
                null,
                null);
    }

    /** A request on the sample model with the built-in texts. */
    public static JobRequest request(int samples, int evaluationWindows, @Nullable Gate gate) {
        return request(MODEL, samples, evaluationWindows, gate);
    }

    public static JobRequest request(Path model, int samples, int evaluationWindows, @Nullable Gate gate) {
        return request(JobRequest.Source.onServer(model.toString()), List.of(), samples, evaluationWindows, gate);
    }

    public static JobRequest request(
            JobRequest.Source source,
            List<JobRequest.Output> outputs,
            int samples,
            int evaluationWindows,
            @Nullable Gate gate) {
        return new JobRequest(
                JobRequest.API_VERSION,
                source,
                null,
                new JobRequest.RecipeChoice("any", null),
                JobRequest.Calibration.of(null, samples, 128),
                List.of(JobRequest.Evaluation.of(null, evaluationWindows, 128)),
                outputs,
                gate,
                new JobRequest.Naming(Map.of(), null),
                false,
                null,
                null);
    }

    /** Looks again where a look met a connection that died with its server: a pool trusts one that was just used. */
    public Job await(UUID job, Duration limit, Predicate<Job> condition) {
        return Await.within(limit, "job " + job)
                .ignoreException(DataAccessResourceFailureException.class)
                .until(() -> find(job), condition);
    }

    /**
     * Until the row is at its end, and its workflow too: it still cleans up, which tests look at and which later tests
     * would see.
     */
    public Job awaitEnd(UUID job, Duration limit) {
        Job end = await(job, limit, now -> now.state().terminal());
        Workflows workflows = new Workflows(control.getBean(WorkflowClient.class));
        await(
                job,
                limit,
                now -> workflows.describe(now).filter(Workflows::running).isEmpty());
        return end;
    }

    public Job find(UUID job) {
        JobRepository jobs = rows().jobs();
        return jobs.find(job).orElseThrow();
    }

    private ConfigurableApplicationContext startControl(Map<String, String> more) {
        SpringApplication application = new SpringApplication(ControlApplication.class);
        Map<String, Object> properties = new HashMap<>(settings);
        properties.putAll(Map.of(
                "spring.datasource.url", database,
                "spring.datasource.username", postgres.user(),
                "spring.datasource.password", postgres.password(),
                "quern.temporal.address", temporalAddress(),
                "quern.temporal.token", TestTemporal.TOKEN,
                "quern.temporal.namespace", temporal.namespace(),
                "quern.store", storeUrl(),
                "quern.slice", "0s",
                "quern.scratch", folder.resolve("scratch/control").toString(),
                "spring.main.banner-mode", "off"));
        properties.putAll(more);
        application.setDefaultProperties(properties);
        return application.run();
    }

    @Override
    public void close() throws IOException {
        workers.forEach(ComputeWorker::close);
        processes.forEach(Process::destroyForcibly);
        processes.forEach(process -> process.onExit().join());
        control.close();
        temporal.close();
        postgres.close();
        for (String disk : disks.keySet()) {
            SmallDisk.unmount(folder.resolve(disk));
        }
        FileSystemUtils.deleteRecursively(folder);
    }
}
