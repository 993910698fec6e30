package dev.quern.control.estimate;

import dev.quern.control.ControlProperties;
import dev.quern.control.job.JobSources;
import dev.quern.control.reading.Readings;
import dev.quern.control.task.PeriodicTask;
import dev.quern.jobs.installation.EstimateRepository;
import dev.quern.jobs.installation.WorkerRepository;
import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Puts the desk for estimates into Spring. */
@Configuration(proxyBeanMethods = false)
class EstimateConfiguration {
    /** Somebody waits for the answer. */
    private static final Duration LOOK = Duration.ofMillis(250);

    @Bean
    PeriodicTask estimates(JdbcClient db, JobSources sources, Readings readings, ControlProperties properties) {
        Estimator estimator = new Estimator(
                sources::place,
                readings,
                properties.workers(),
                new WorkerRepository(db)::measured,
                Estimator.onMachinesLikeThis(properties.workers(), properties.workerThreads()),
                properties.slice().toMillis() / 1000.0);
        return new PeriodicTask("estimates", LOOK, new EstimateDesk(new EstimateRepository(db), estimator));
    }
}
