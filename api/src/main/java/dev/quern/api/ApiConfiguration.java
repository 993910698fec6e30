package dev.quern.api;

import dev.quern.api.caller.BodyBudget;
import dev.quern.api.caller.CallerResolver;
import dev.quern.api.request.RecordConverter;
import dev.quern.api.settings.LimitProperties;
import dev.quern.api.settings.PlaceProperties;
import dev.quern.artifacts.stores.Locations;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.EventRepository;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.OutputRepository;
import dev.quern.jobs.ReportRepository;
import dev.quern.jobs.access.AccessRepository;
import dev.quern.jobs.installation.EstimateRepository;
import dev.quern.jobs.installation.InstallationRepository;
import dev.quern.jobs.installation.WorkerRepository;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.submissions.Submissions;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.converter.HttpMessageConverters;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Puts the repositories and the codec into Spring; they know nothing of it. */
@Configuration(proxyBeanMethods = false)
class ApiConfiguration implements WebMvcConfigurer {
    private final LimitProperties limits;

    ApiConfiguration(LimitProperties limits) {
        this.limits = limits;
    }

    @Override
    public void configureMessageConverters(HttpMessageConverters.ServerBuilder builder) {
        builder.addCustomConverter(new RecordConverter(limits.maxBody(), new BodyBudget(limits.bodies())));
    }

    @Override
    public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
        resolvers.add(new CallerResolver());
    }

    @Bean
    JobRepository jobs(JdbcClient db, PlatformTransactionManager transactions) {
        return new JobRepository(db, new TransactionTemplate(transactions));
    }

    @Bean
    Submissions submissions(JobRepository jobs, UploadRepository uploads, PlaceProperties places) {
        return new Submissions(
                jobs,
                uploads,
                Locations.parse(places.sources()),
                Locations.parse(places.outputs()),
                limits.maxUnfinishedJobs());
    }

    @Bean
    BoardRepository boards(JdbcClient db, PlatformTransactionManager transactions) {
        return new BoardRepository(db, new TransactionTemplate(transactions));
    }

    @Bean
    EventRepository events(JdbcClient db) {
        return new EventRepository(db);
    }

    @Bean
    ReportRepository reports(JdbcClient db) {
        return new ReportRepository(db);
    }

    @Bean
    UploadRepository uploads(JdbcClient db, PlatformTransactionManager transactions) {
        return new UploadRepository(db, new TransactionTemplate(transactions));
    }

    @Bean
    InstallationRepository installation(JdbcClient db) {
        return new InstallationRepository(db);
    }

    @Bean
    EstimateRepository estimates(JdbcClient db) {
        return new EstimateRepository(db);
    }

    @Bean
    OutputRepository outputs(JdbcClient db) {
        return new OutputRepository(db);
    }

    @Bean
    WorkerRepository workers(JdbcClient db) {
        return new WorkerRepository(db);
    }

    @Bean
    AccessRepository access(JdbcClient db) {
        return new AccessRepository(db);
    }
}
