package dev.quern.control.reconcile;

import dev.quern.control.ControlProperties;
import dev.quern.control.task.PeriodicTask;
import io.micrometer.core.instrument.MeterRegistry;
import javax.sql.DataSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Puts the reconciler into Spring. */
@Configuration(proxyBeanMethods = false)
@Import({Projector.class, Leftovers.class, MeasuredShards.class, Reconciler.class})
class ReconcileConfiguration {
    @Bean
    PeriodicTask reconciliation(
            DataSource source, Reconciler reconciler, MeterRegistry metrics, ControlProperties properties) {
        return new PeriodicTask("reconciler", properties.reconcile(), new SoleReconciler(source, reconciler, metrics));
    }
}
