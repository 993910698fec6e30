package dev.quern.control.job;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.range.RangeCache;
import dev.quern.artifacts.stores.Buckets;
import dev.quern.artifacts.stores.Locations;
import dev.quern.control.ControlProperties;
import dev.quern.control.PlaceProperties;
import dev.quern.inputs.Sources;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.EventRepository;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.OutputRepository;
import dev.quern.jobs.ReportRepository;
import dev.quern.jobs.StepRepository;
import dev.quern.jobs.upload.UploadRepository;
import java.io.IOException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Puts what is known of jobs into Spring. */
@Configuration(proxyBeanMethods = false)
@Import({JobContexts.class, StepRecorder.class})
class JobConfiguration {
    @Bean
    Repositories repositories(JdbcClient db, PlatformTransactionManager manager) {
        TransactionTemplate transactions = new TransactionTemplate(manager);
        return new Repositories(
                new JobRepository(db, transactions),
                new StepRepository(db, transactions),
                new BoardRepository(db, transactions),
                new EventRepository(db),
                new ReportRepository(db),
                new OutputRepository(db));
    }

    @Bean
    JobRepository jobRepository(Repositories rows) {
        return rows.jobs();
    }

    @Bean
    OutputPlaces outputPlaces(JobContexts contexts, Buckets buckets, PlaceProperties places) {
        return new OutputPlaces(contexts, buckets, Locations.parse(places.outputs()));
    }

    @Bean
    JobSources jobSources(
            JobContexts contexts,
            ArtifactStore store,
            Buckets buckets,
            RangeCache cache,
            UploadRepository uploads,
            PlaceProperties places) {
        return new JobSources(contexts, new Sources(store, buckets, cache), uploads, Locations.parse(places.sources()));
    }

    @Bean
    ScratchFolders scratchFolders(ControlProperties properties) throws IOException {
        return new ScratchFolders(properties.scratch());
    }
}
