package dev.quern.control;

import dev.quern.jobs.EstimateRepository;
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
    EstimateDesk estimateDesk(JdbcClient db, JobSources sources, Workers workers, ControlProperties properties) {
        return new EstimateDesk(
                new EstimateRepository(db),
                Estimator.onMachinesLikeThis(
                        (tenant, source) -> sources.find(tenant, source).source(),
                        workers.workers(),
                        workers.workerThreads(),
                        properties.slice().toMillis() / 1000.0));
    }
}
