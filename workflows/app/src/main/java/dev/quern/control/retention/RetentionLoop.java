package dev.quern.control.retention;

import dev.quern.control.task.FatalErrors;
import dev.quern.jobs.installation.ExclusiveLock;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Runs retention at the start and every hour, on a thread of its own: a round may take long. Each process sweeps its
 * scratch, one at a time the store.
 */
final class RetentionLoop implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(RetentionLoop.class);
    /** "retain", in ASCII. */
    private static final long LOCK = 0x72657461696eL;

    private static final Duration PERIOD = Duration.ofHours(1);

    private final DataSource source;
    private final ScratchSweep scratch;
    private final Retention retention;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform()
            .daemon()
            .name("retention")
            .uncaughtExceptionHandler(FatalErrors::end)
            .unstarted(this::run);

    RetentionLoop(DataSource source, ScratchSweep scratch, Retention retention) {
        this.source = source;
        this.scratch = scratch;
        this.retention = retention;
    }

    @Override
    public void start() {
        thread.start();
    }

    @Override
    public void stop() {
        stop.countDown();
        // A round may wait for a store that is away.
        thread.interrupt();
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
        try {
            do {
                round();
            } while (!stop.await(PERIOD.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void round() {
        try (ExclusiveLock lock = new ExclusiveLock(source, LOCK)) {
            scratch.round();
            if (lock.held()) {
                retention.round();
            }
        } catch (SQLException | IOException | RuntimeException e) {
            if (stop.getCount() > 0) {
                // PostgreSQL or the store is away; the next round finds what this one left.
                LOG.warn("retention: {}", e.toString());
            }
        }
    }
}
