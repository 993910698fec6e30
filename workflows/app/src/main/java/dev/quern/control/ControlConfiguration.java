package dev.quern.control;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStores;
import dev.quern.contract.Connections;
import dev.quern.contract.HttpPort;
import dev.quern.jobs.AccessRepository;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.EventRepository;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.ReportRepository;
import dev.quern.jobs.StepRepository;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.io.IOException;
import javax.sql.DataSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
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
                new ReportRepository(db));
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
    ArtifactStore artifactStore(ControlProperties properties) throws IOException {
        return ArtifactStores.open(properties.store());
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

    @Bean
    ControlActivitiesImpl activities(Rows rows, ArtifactStore store, ControlProperties properties) throws IOException {
        JobContexts contexts = new JobContexts(rows.jobs(), store);
        ScratchFolders scratch = new ScratchFolders(properties.scratch());
        Outputs outputs = new Outputs(contexts, scratch);
        return new ControlActivitiesImpl(
                new StepRecorder(rows),
                new Inspector(contexts, scratch),
                new JobPlanner(contexts, rows, properties.slice().toMillis() / 1000.0),
                new BoardFiller(contexts, outputs, rows),
                outputs,
                new Publisher(contexts, outputs, rows.reports()),
                new Cleaner(contexts, scratch));
    }

    @Bean
    TemporalHost temporalHost(WorkflowClient client, ControlActivitiesImpl activities) {
        return new TemporalHost(client, activities);
    }

    @Bean
    ControlLoop controlLoop(
            DataSource source,
            Rows rows,
            ArtifactStore store,
            WorkflowClient client,
            MeterRegistry metrics,
            ControlProperties properties) {
        Workflows workflows = new Workflows(client);
        Reconciler reconciler = new Reconciler(rows, workflows, new Projector(rows), new Approvals(rows, store));
        return new ControlLoop(source, reconciler, metrics, properties.reconcile());
    }

    @Bean(destroyMethod = "close")
    HttpPort httpPort(ControlProperties properties, PrometheusMeterRegistry metrics) {
        return new HttpPort(properties.http().port(), metrics::scrape);
    }
}
