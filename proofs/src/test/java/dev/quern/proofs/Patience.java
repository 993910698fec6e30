package dev.quern.proofs;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for what is to come, never without an end. */
final class Patience {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

    private Patience() {}

    /** Looks until it is true; what a look throws is only that nobody answers yet. */
    static boolean until(Duration limit, Callable<Boolean> look) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!sees(look)) {
            if (System.nanoTime() > end) {
                return false;
            }
            Thread.sleep(BETWEEN_LOOKS);
        }
        return true;
    }

    private static boolean sees(Callable<Boolean> look) throws InterruptedException {
        try {
            return look.call();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            return false;
        }
    }

    static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }
}
