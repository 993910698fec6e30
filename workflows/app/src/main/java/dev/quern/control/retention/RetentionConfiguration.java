package dev.quern.control.retention;

import dev.quern.control.ControlProperties;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.OutputPlaces;
import dev.quern.control.job.Repositories;
import dev.quern.control.job.ScratchFolders;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.installation.SweepLock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Puts what deletes into Spring. */
@Configuration(proxyBeanMethods = false)
@Import({UploadSweep.class, RetentionLoop.class})
class RetentionConfiguration {
    @Bean
    Cleaner cleaner(
            Repositories rows,
            JobContexts contexts,
            OutputPlaces places,
            ScratchFolders scratch,
            MeterRegistry metrics) {
        Counter damages = Counter.builder("quern.artifacts.damaged")
                .description("Artifacts that were not what was committed, deleted to be made again")
                .register(metrics);
        return new Cleaner(contexts, rows.steps(), places, scratch, damages);
    }

    @Bean
    ScratchSweep scratchSweep(ScratchFolders scratch, JobRepository jobs) {
        return new ScratchSweep(scratch, jobs, jobs::now);
    }

    @Bean
    Retention retention(
            JobContexts contexts,
            UploadSweep uploads,
            SweepLock lock,
            ControlProperties properties,
            MeterRegistry metrics) {
        return new Retention(contexts, uploads, lock, properties.retention(), contexts.jobs()::now, metrics);
    }
}
