package dev.quern.control;

import dev.quern.jobs.EstimateRepository;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Puts the desk for estimates into Spring. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(EstimateConfiguration.Workers.class)
class EstimateConfiguration {
    /** Somebody waits for the answer. */
    private static final Duration LOOK = Duration.ofMillis(250);

    /**
     * What estimates take for granted of workers.
     *
     * @param workers that share a job
     * @param workerThreads of each of them; 0 divides the cores of this machine
     */
    @ConfigurationProperties("quern")
    record Workers(
            @DefaultValue("4") int workers,
            @DefaultValue("0") int workerThreads) {}

    @Bean
    Rounds estimates(JdbcClient db, JobSources sources, Workers workers, ControlProperties properties) {
        Estimator estimator = Estimator.onMachinesLikeThis(
                (tenant, source) -> sources.find(tenant, source).source(),
                workers.workers(),
                workers.workerThreads(),
                properties.slice().toMillis() / 1000.0);
        return new Rounds("estimates", LOOK, new EstimateDesk(new EstimateRepository(db), estimator));
    }
}
