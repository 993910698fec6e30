package dev.quern.control.task;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.springframework.context.SmartLifecycle;

/**
 * Does one work again and again while the application runs, on a thread of its own. What a round throws ends the
 * process: one that runs on without its rounds would only look alive, and one that ended is started again.
 */
public final class PeriodicTask implements SmartLifecycle {
    /** What is done in each round. Trouble that may pass is for the work itself to catch. */
    public interface Work extends AutoCloseable {
        /** True when the next round follows at once. */
        boolean round();

        /** After the last round, on the thread of all rounds. */
        @Override
        default void close() {}
    }

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Work work;
    private final Duration period;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;

    /**
     * @param name of the thread
     * @param period between the end of a round and the next one
     */
    public PeriodicTask(String name, Duration period, Work work) {
        this.work = work;
        this.period = period;
        this.thread = Thread.ofPlatform()
                .daemon()
                .name(name)
                .uncaughtExceptionHandler(FatalErrors::end)
                .unstarted(this::run);
    }

    @Override
    public void start() {
        thread.start();
    }

    @Override
    public void stop() {
        stop.countDown();
        try {
            thread.join(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return thread.isAlive();
    }

    private void run() {
        try (work) {
            boolean more = work.round();
            while (!stop.await(more ? 0 : period.toMillis(), TimeUnit.MILLISECONDS)) {
                more = work.round();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
