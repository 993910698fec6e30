package dev.quern.control.activities;

import dev.quern.control.ControlProperties;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.Repositories;
import dev.quern.control.reading.Readings;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Puts the activities and their host into Spring. */
@Configuration(proxyBeanMethods = false)
@Import({Inspector.class, BoardFiller.class, SharedBlockJoiner.class, ControlActivitiesImpl.class, TemporalHost.class})
class ActivitiesConfiguration {
    @Bean
    JobPlanner jobPlanner(JobContexts contexts, Readings readings, Repositories rows, ControlProperties properties) {
        return new JobPlanner(
                contexts, readings, rows, properties.slice().toMillis() / 1000.0, Math.max(1, properties.workers()));
    }
}
