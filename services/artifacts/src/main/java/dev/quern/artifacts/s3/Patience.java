package dev.quern.artifacts.s3;

import dev.quern.artifacts.StoreUnavailableException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits longer after each failure, with a random part so that many workers do not come back at once, and ends at a
 * limit.
 */
final class Patience {
    private static final Logger LOG = LoggerFactory.getLogger(Patience.class);
    private static final long FIRST_MILLIS = 100;
    private static final long LONGEST_MILLIS = 5_000;

    private final Duration limit;
    private long deadline;
    private int failures;

    Patience(Duration limit) {
        this.limit = limit;
        renew();
    }

    /** There was progress: the limit counts from here. */
    void renew() {
        deadline = System.nanoTime() + limit.toNanos();
        failures = 0;
    }

    /** Sleeps, or throws the failure when the limit would pass meanwhile. */
    void waitOrThrow(String what, StoreUnavailableException failure)
            throws StoreUnavailableException, InterruptedIOException {
        long most = Math.min(LONGEST_MILLIS, FIRST_MILLIS << Math.min(failures++, 10));
        long millis = most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1);
        if (System.nanoTime() + millis * 1_000_000 > deadline) {
            throw failure;
        }
        LOG.info("{}: tried again in {} ms, failure {}", what, millis, failures);
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(what + ": interrupted");
        }
    }
}
