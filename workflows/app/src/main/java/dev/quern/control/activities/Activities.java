package dev.quern.control.activities;

import dev.quern.contract.Failures;
import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.process.Ticker;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.transaction.TransactionException;

/** The frame of the control activities: heartbeats, cancellation, errors in Temporal's words. */
final class Activities {
    /** Bytes are counted all the time, so a step without one for this long hangs. */
    private static final double PREDICTED_SECONDS = 60;

    private Activities() {}

    /** What reads or writes a whole model. */
    interface Reading<T> {
        T run(LongConsumer bytes, Cancellation cancellation) throws IOException;
    }

    /** What takes a moment. */
    interface Quick<T> {
        T run() throws IOException;
    }

    static <T> T quick(Quick<T> body) {
        try {
            return body.run();
        } catch (DamagedArtifactException e) {
            throw Failures.damaged(e.artifact().fileName(), e);
        } catch (DataAccessResourceFailureException
                | TransientDataAccessException
                | RecoverableDataAccessException
                | TransactionException e) {
            // PostgreSQL is away: no defect, and no reason to give up.
            throw Failures.toTemporal(new QuernException(ErrorCode.UNAVAILABLE, "PostgreSQL: " + e.getMessage(), e), 1);
        } catch (IOException | RuntimeException e) {
            throw Failures.toTemporal(
                    e, Activity.getExecutionContext().getInfo().getAttempt());
        }
    }

    static <T> T reading(Reading<T> body) {
        ActivityExecutionContext activity = Activity.getExecutionContext();
        LongAdder bytes = new LongAdder();
        return quick(() -> {
            try (Ticker ticker = Ticker.start(activity, bytes::sum, bytes::sum, PREDICTED_SECONDS)) {
                return cancellable(body, bytes, ticker);
            }
        });
    }

    private static <T> T cancellable(Reading<T> body, LongAdder bytes, Ticker ticker) {
        try {
            return body.run(bytes::add, ticker::cancelled);
        } catch (Cancellation.CancelledException e) {
            throw ticker.reason();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
