package dev.quern.control.register;

import dev.quern.control.task.PeriodicTask;
import dev.quern.control.workflow.Workflows;
import dev.quern.jobs.installation.WorkerRepository;
import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Puts the list of workers into Spring. */
@Configuration(proxyBeanMethods = false)
class RegisterConfiguration {
    /** A worker reports as often. */
    private static final Duration PERIOD = Duration.ofSeconds(5);

    @Bean
    WorkerRegister workerRegister(JdbcClient db, Workflows workflows) {
        return new WorkerRegister(new WorkerRepository(db), workflows);
    }

    @Bean
    PeriodicTask workerLook(WorkerRegister register) {
        return new PeriodicTask("workers", PERIOD, register);
    }
}
