package dev.quern.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** Waits in tests: always with a limit, and with a word for what did not come. */
public final class Await {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);

    private Await() {}

    /**
     * Looks at once and then often; what a look throws ends the wait.
     *
     * @param what is waited for, as a failure names it
     */
    public static ConditionFactory within(Duration limit, String what) {
        return Awaitility.await(what)
                .atMost(limit)
                .pollDelay(Duration.ZERO)
                .pollInterval(BETWEEN_LOOKS)
                // Threads of servers that a test kills may die of it.
                .dontCatchUncaughtExceptions();
    }
}
