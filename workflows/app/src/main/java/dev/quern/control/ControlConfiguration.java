package dev.quern.control;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.range.RangeCache;
import dev.quern.artifacts.s3.S3Settings;
import dev.quern.artifacts.stores.ArtifactStores;
import dev.quern.artifacts.stores.Buckets;
import dev.quern.control.reading.Readings;
import dev.quern.jobs.access.AccessRepository;
import dev.quern.jobs.installation.InstallationRepository;
import dev.quern.jobs.installation.SweepLock;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.process.HttpPort;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** What the parts of the control process share. */
@Configuration(proxyBeanMethods = false)
class ControlConfiguration {
    private static final String TENANT = "default";

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
    ArtifactStore artifactStore(PlaceProperties places, Environment environment, InstallationRepository installation)
            throws IOException {
        ArtifactStore store = ArtifactStores.open(places.store(), s3(environment));
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
    UploadRepository uploadRepository(JdbcClient db, PlatformTransactionManager manager) {
        return new UploadRepository(db, new TransactionTemplate(manager));
    }

    @Bean(destroyMethod = "close")
    RangeCache rangeCache(ControlProperties properties) throws IOException {
        return new RangeCache(properties.scratch().resolve("ranges"), (long) properties.cacheMb() << 20);
    }

    @Bean(destroyMethod = "close")
    Readings readings(ControlProperties properties, PlaceProperties places, Environment environment)
            throws IOException {
        return new Readings(
                places.store(), s3(environment), properties.scratch().resolve("reading"));
    }

    @Bean(destroyMethod = "close")
    HttpPort httpPort(ControlProperties properties, PrometheusMeterRegistry metrics) {
        return new HttpPort(properties.http().port(), metrics::scrape);
    }
}
