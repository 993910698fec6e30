package dev.quern.control;

import dev.quern.jobs.ExclusiveLock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Runs the reconciler again and again, in one control process at a time. */
final class ControlLoop implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);
    /** "quern", in ASCII. */
    private static final long LOCK = 0x717565726eL;

    private final DataSource source;
    private final Reconciler reconciler;
    private final Duration period;
    private final AtomicInteger unfinished = new AtomicInteger();
    private final Counter failures;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread =
            Thread.ofPlatform().daemon().name("reconciler").unstarted(this::run);
    private boolean leading;

    ControlLoop(DataSource source, Reconciler reconciler, MeterRegistry metrics, Duration period) {
        this.source = source;
        this.reconciler = reconciler;
        this.period = period;
        metrics.gauge("quern.jobs.unfinished", unfinished);
        this.failures = Counter.builder("quern.reconciler.failures")
                .description("Rounds that broke off")
                .register(metrics);
    }

    @Override
    public void start() {
        thread.start();
    }

    @Override
    public void stop() {
        stop.countDown();
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return thread.isAlive();
    }

    private void run() {
        try (ExclusiveLock lock = new ExclusiveLock(source, LOCK)) {
            do {
                round(lock);
            } while (!stop.await(period.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            LOG.warn("the reconciler's lock: {}", e.toString());
        }
    }

    private void round(ExclusiveLock lock) {
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
    }
}
