package dev.quern.control.reconcile;

import dev.quern.control.task.PeriodicTask;
import dev.quern.jobs.installation.ExclusiveLock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rounds of the reconciler, in one control process at a time. */
final class SoleReconciler implements PeriodicTask.Work {
    private static final Logger LOG = LoggerFactory.getLogger(SoleReconciler.class);
    /** "quern", in ASCII. */
    private static final long LOCK = 0x717565726eL;

    private final ExclusiveLock lock;
    private final Reconciler reconciler;
    private final AtomicInteger unfinished = new AtomicInteger();
    private final Counter failures;
    private boolean leading;

    SoleReconciler(DataSource source, Reconciler reconciler, MeterRegistry metrics) {
        this.lock = new ExclusiveLock(source, LOCK);
        this.reconciler = reconciler;
        metrics.gauge("quern.jobs.unfinished", unfinished);
        this.failures = Counter.builder("quern.reconciler.failures")
                .description("Rounds that broke off")
                .register(metrics);
    }

    @Override
    public boolean round() {
        try {
            if (lock.held()) {
                if (!leading) {
                    leading = true;
                    LOG.info("this process reconciles");
                }
                unfinished.set(reconciler.round());
            }
        } catch (SQLException | RuntimeException e) {
            // PostgreSQL or Temporal is away; it may come back.
            failures.increment();
            LOG.warn("reconciler: {}", e.toString());
        }
        return false;
    }

    @Override
    public void close() {
        try (lock) {
            if (leading) {
                reconciler.leave();
            }
        } catch (SQLException | RuntimeException e) {
            LOG.warn("the reconciler's end: {}", e.toString());
        }
    }
}
