package dev.quern.control;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStores;
import dev.quern.artifacts.Buckets;
import dev.quern.artifacts.Locations;
import dev.quern.artifacts.RangeCache;
import dev.quern.artifacts.S3Settings;
import dev.quern.contract.Connections;
import dev.quern.contract.HttpPort;
import dev.quern.control.reading.Readings;
import dev.quern.inputs.Sources;
import dev.quern.jobs.AccessRepository;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.EventRepository;
import dev.quern.jobs.InstallationRepository;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.OutputRepository;
import dev.quern.jobs.ReportRepository;
import dev.quern.jobs.StepRepository;
import dev.quern.jobs.SweepLock;
import dev.quern.jobs.UploadRepository;
import dev.quern.jobs.WorkerRepository;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** What the control process consists of. */
@Configuration(proxyBeanMethods = false)
class ControlConfiguration {
    private static final String TENANT = "default";

    @Bean
    Rows rows(JdbcClient db, PlatformTransactionManager manager) {
        TransactionTemplate transactions = new TransactionTemplate(manager);
        return new Rows(
                new JobRepository(db, transactions),
                new StepRepository(db, transactions),
                new BoardRepository(db, transactions),
                new EventRepository(db),
                new ReportRepository(db),
                new OutputRepository(db));
    }

    @Bean
    JobRepository jobRepository(Rows rows) {
        return rows.jobs();
    }

    @Bean
    AccessRepository accessRepository(JdbcClient db, ControlProperties properties) {
        AccessRepository access = new AccessRepository(db);
        if (properties.bootstrapKeyFile() != null) {
            BootstrapKey.register(properties.bootstrapKeyFile(), access, TENANT);
        }
        return access;
    }

    @Bean
    InstallationRepository installationRepository(JdbcClient db) {
        return new InstallationRepository(db);
    }

    /** Ours, or there is no control process: it is the one that deletes. */
    @Bean
    ArtifactStore artifactStore(
            ControlProperties properties, Environment environment, InstallationRepository installation)
            throws IOException {
        ArtifactStore store = ArtifactStores.open(properties.store(), s3(environment));
        store.claim(installation.id().toString());
        return store;
    }

    /** The variables of the process, or of the process that embeds it. */
    private static Map<String, String> s3(Environment environment) {
        Map<String, String> settings = new HashMap<>();
        for (String name : S3Settings.NAMES) {
            String value = environment.getProperty(name);
            if (value != null) {
                settings.put(name, value);
            }
        }
        return settings;
    }

    @Bean
    Buckets buckets(Environment environment) {
        return new Buckets(s3(environment));
    }

    @Bean
    SweepLock sweepLock(JdbcClient db, PlatformTransactionManager manager) {
        return new SweepLock(db, new TransactionTemplate(manager));
    }

    @Bean
    RetentionLoop retentionLoop(
            DataSource source,
            JobContexts contexts,
            ScratchFolders scratch,
            UploadRepository uploads,
            SweepLock lock,
            MeterRegistry metrics,
            ControlProperties properties) {
        InstantSource clock = contexts.jobs()::now;
        return new RetentionLoop(
                source,
                new ScratchSweep(scratch, contexts.jobs(), clock),
                new Retention(
                        contexts,
                        new UploadSweep(uploads, contexts.store(), lock),
                        lock,
                        properties.retention(),
                        clock,
                        metrics));
    }

    @Bean(destroyMethod = "close")
    RangeCache rangeCache(ControlProperties properties) throws IOException {
        return new RangeCache(properties.scratch().resolve("ranges"), (long) properties.cacheMb() << 20);
    }

    @Bean
    JobContexts jobContexts(Rows rows, ArtifactStore store) {
        return new JobContexts(rows.jobs(), store);
    }

    @Bean
    OutputPlaces outputPlaces(JobContexts contexts, Buckets buckets, ControlProperties properties) {
        return new OutputPlaces(contexts, buckets, Locations.parse(properties.outputs()));
    }

    @Bean
    UploadRepository uploadRepository(JdbcClient db, PlatformTransactionManager manager) {
        return new UploadRepository(db, new TransactionTemplate(manager));
    }

    @Bean
    JobSources jobSources(
            JobContexts contexts,
            Buckets buckets,
            RangeCache cache,
            UploadRepository uploads,
            ControlProperties properties) {
        Sources sources = new Sources(contexts.store(), buckets, cache);
        return new JobSources(contexts, sources, uploads, Locations.parse(properties.sources()));
    }

    @Bean(destroyMethod = "shutdownNow")
    WorkflowServiceStubs temporal(ControlProperties properties) {
        ControlProperties.Temporal to = properties.temporal();
        return Connections.connect(to.address(), to.token(), to.tls());
    }

    @Bean
    WorkflowClient workflowClient(WorkflowServiceStubs temporal, ControlProperties properties) {
        return WorkflowClient.newInstance(
                temporal,
                WorkflowClientOptions.newBuilder()
                        .setNamespace(properties.temporal().namespace())
                        .build());
    }

    @Bean(destroyMethod = "close")
    Readings readings(ControlProperties properties, Environment environment) throws IOException {
        return new Readings(
                properties.store(), s3(environment), properties.scratch().resolve("reading"));
    }

    @Bean
    ScratchFolders scratchFolders(ControlProperties properties) throws IOException {
        return new ScratchFolders(properties.scratch());
    }

    @Bean
    Cleaner cleaner(
            Rows rows, JobContexts contexts, OutputPlaces places, ScratchFolders scratch, MeterRegistry metrics) {
        Counter damages = Counter.builder("quern.artifacts.damaged")
                .description("Artifacts that were not what was committed, deleted to be made again")
                .register(metrics);
        return new Cleaner(contexts, rows.steps(), places, scratch, damages);
    }

    @Bean
    ControlActivitiesImpl activities(
            Rows rows,
            JobContexts contexts,
            JobSources sources,
            OutputPlaces places,
            ScratchFolders scratch,
            Cleaner cleaner,
            SweepLock sweeps,
            Readings readings,
            ControlProperties properties) {
        Outputs outputs = new Outputs(contexts, sources, scratch);
        BoardFiller board = new BoardFiller(contexts, sources, outputs, rows);
        return new ControlActivitiesImpl(
                new StepRecorder(rows),
                new Inspector(contexts, sources, places, scratch, sweeps, readings),
                new JobPlanner(
                        contexts,
                        readings,
                        rows,
                        properties.slice().toMillis() / 1000.0,
                        Math.max(1, properties.workers())),
                board,
                new Settler(contexts, sources, board, scratch),
                outputs,
                new Publisher(contexts, sources, outputs, places, rows),
                cleaner,
                scratch);
    }

    @Bean
    WorkerRegister workerRegister(JdbcClient db, WorkflowClient client) {
        return new WorkerRegister(new WorkerRepository(db), new Workflows(client));
    }

    @Bean
    TemporalHost temporalHost(WorkflowClient client, ControlActivitiesImpl activities, WorkerRegister register) {
        return new TemporalHost(client, activities, register);
    }

    /** A worker tells of itself as often. */
    @Bean
    Rounds workerRounds(WorkerRegister register) {
        return new Rounds("workers", Duration.ofSeconds(5), register);
    }

    @Bean
    Rounds reconciliation(
            DataSource source,
            Rows rows,
            OutputPlaces places,
            WorkflowClient client,
            JobContexts contexts,
            Cleaner cleaner,
            MeterRegistry metrics,
            ObjectProvider<WorkerSupply> supply,
            ControlProperties properties) {
        Workflows workflows = new Workflows(client);
        Reconciler reconciler = new Reconciler(
                rows,
                workflows,
                new Projector(rows),
                new Approvals(rows, places),
                new Leftovers(rows, workflows, cleaner),
                new Waits(contexts, new RollCalls(workflows), supply.getIfAvailable()),
                new MeasuredShards(contexts));
        return new Rounds("reconciler", properties.reconcile(), new SoleReconciler(source, reconciler, metrics));
    }

    @Bean(destroyMethod = "close")
    HttpPort httpPort(ControlProperties properties, PrometheusMeterRegistry metrics) {
        return new HttpPort(properties.http().port(), metrics::scrape);
    }
}
