package dev.quern.api.request;

import dev.quern.api.caller.Caller;
import dev.quern.api.caller.Shares;
import dev.quern.api.settings.ApiProperties;
import dev.quern.api.settings.LimitProperties;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Requests that stay open while they follow a job, each on its virtual thread: event streams, and answers that wait.
 * Callers share their number fairly, and a server that stops does not wait for them.
 */
@Component
public final class OpenRequests {
    private final Shares seats;
    private final Duration poll;
    private final CountDownLatch closing = new CountDownLatch(1);

    OpenRequests(ApiProperties properties, LimitProperties limits) {
        this.seats = new Shares(limits.maxStreams());
        this.poll = properties.eventPoll();
    }

    /** The place of one open request; closing gives it back. */
    public interface Seat extends AutoCloseable {
        @Override
        void close();
    }

    @EventListener(ContextClosedEvent.class)
    void close() {
        closing.countDown();
    }

    /** @throws QuernException TOO_MANY_REQUESTS */
    public Seat take(Caller caller) throws InterruptedException {
        String holder = caller.holder();
        if (!seats.take(holder, 1, Duration.ZERO)) {
            throw new QuernException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    "streams: too many of this caller's are open (expected: fewer at a time)");
        }
        return () -> seats.release(holder, 1);
    }

    /** Waits until it is time to look at the job again; false when the server stops. */
    public boolean pause() throws InterruptedException {
        return !closing.await(poll.toMillis(), TimeUnit.MILLISECONDS);
    }
}
