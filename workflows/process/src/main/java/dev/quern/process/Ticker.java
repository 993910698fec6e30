package dev.quern.process;

import dev.quern.contract.Heartbeat;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.client.ActivityCompletionException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A thread that heartbeats for an activity while the activity works. It hears of a cancel, and it falls silent when the
 * work's counter stands still for too long, so that the server gives a hung activity to somebody else.
 */
public final class Ticker implements AutoCloseable {
    /** Work is given up after ten times its predicted length, but never sooner than this. */
    private static final Duration SHORTEST_PATIENCE = Duration.ofMinutes(5);

    private final ActivityExecutionContext activity;
    private final Supplier<?> details;
    private final LongSupplier counter;
    private final long patienceNanos;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;
    private volatile @Nullable RuntimeException ended;

    private Ticker(
            ActivityExecutionContext activity, Supplier<?> details, LongSupplier counter, double predictedSeconds) {
        this.activity = activity;
        this.details = details;
        this.counter = counter;
        this.patienceNanos = Math.max((long) (10e9 * predictedSeconds), SHORTEST_PATIENCE.toNanos());
        this.thread = Thread.ofPlatform()
                .daemon()
                .name("ticker-" + activity.getInfo().getActivityId())
                .unstarted(this::tick);
    }

    /**
     * @param details of every heartbeat
     * @param counter moves while the work continues
     * @param predictedSeconds of the longest time between two moves
     */
    public static Ticker start(
            ActivityExecutionContext activity, Supplier<?> details, LongSupplier counter, double predictedSeconds) {
        Ticker ticker = new Ticker(activity, details, counter, predictedSeconds);
        ticker.thread.start();
        return ticker;
    }

    /** True when the work should stop: it was cancelled, or its workflow is gone, or it hangs. */
    public boolean cancelled() {
        return ended != null;
    }

    /** What to throw when the work stopped because of {@link #cancelled()}: Temporal's own exception. */
    public RuntimeException reason() {
        return Objects.requireNonNull(ended, "not cancelled");
    }

    @Override
    public void close() {
        stop.countDown();
    }

    private void tick() {
        long seen = counter.getAsLong();
        long moved = System.nanoTime();
        try {
            do {
                long now = counter.getAsLong();
                if (now != seen) {
                    seen = now;
                    moved = System.nanoTime();
                } else if (System.nanoTime() - moved > patienceNanos) {
                    ended = new IllegalStateException("no progress for " + patienceNanos / 1_000_000_000 + " s");
                    return;
                }
                activity.heartbeat(details.get());
            } while (!stop.await(Heartbeat.PERIOD.toMillis(), TimeUnit.MILLISECONDS));
        } catch (ActivityCompletionException e) {
            ended = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
