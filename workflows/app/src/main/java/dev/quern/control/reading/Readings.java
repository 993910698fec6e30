package dev.quern.control.reading;

import dev.quern.control.reading.message.Inspected;
import dev.quern.control.reading.message.InspectedResult;
import dev.quern.control.reading.message.Question;
import dev.quern.engine.Cancellation;
import dev.quern.engine.plan.Plan;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.view.Estimate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads sources and texts in processes of their own, with limits of memory and time. One that answered is asked again,
 * one that refused or died is not; one waits to be asked. Thread-safe.
 *
 * <p>Every method throws what opening and planning throw. What a process does not survive twice, or has not done when
 * its time is over, is refused: a USER error that names what it was reading. UNAVAILABLE where no process can be
 * started.
 */
public final class Readings implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Readings.class);
    private static final Duration INSPECT = Duration.ofMinutes(2);
    private static final Duration PLAN = Duration.ofMinutes(1);
    /** Somebody waits for it, for half a minute. */
    private static final Duration ESTIMATE = Duration.ofSeconds(15);
    /** A process may fall victim to what others take; hardly twice. */
    private static final int DEATHS = 2;

    private static final long LOOK_MILLIS = 200;

    private final ReadingProcesses processes;
    private final Semaphore seats =
            new Semaphore(Math.max(2, Runtime.getRuntime().availableProcessors()), true);

    /**
     * @param store the address of the artifact store
     * @param s3 settings of the S3 server, by the names of their variables
     * @param scratch a folder of their own; emptied now
     */
    public Readings(String store, Map<String, String> s3, Path scratch) throws IOException {
        this.processes = new ReadingProcesses(store, s3, scratch);
    }

    /**
     * Checks that everything a job was given can be read and fits, and cuts its texts into windows.
     *
     * @param waiting is called again and again while others are being read
     */
    public Inspected inspect(Question.InspectSource question, Runnable waiting, Cancellation cancellation) {
        return ask(question, Inspected.class, INSPECT, waiting, cancellation);
    }

    /**
     * Checks that a result and its original can be read and fit each other, and cuts the texts into windows; as
     * {@link #inspect}.
     */
    public InspectedResult inspectResult(Question.InspectResult question, Runnable waiting, Cancellation cancellation) {
        return ask(question, InspectedResult.class, INSPECT, waiting, cancellation);
    }

    /** Plans from the headers of a source that was inspected. */
    public Plan plan(Question.PlanJob question, Runnable waiting, Cancellation cancellation) {
        return ask(question, Plan.class, PLAN, waiting, cancellation);
    }

    /** Says what a job would take, from the headers of its source. */
    public Estimate estimate(Question.EstimateJob question) {
        return ask(question, Estimate.class, ESTIMATE, () -> {}, Cancellation.NEVER);
    }

    private <T> T ask(Question question, Class<T> type, Duration limit, Runnable waiting, Cancellation cancellation) {
        for (int death = 1; ; death++) {
            takeSeat(waiting, cancellation);
            try {
                return RecordCodec.read(once(question, limit, cancellation), type);
            } catch (DiedException e) {
                LOG.warn("{}: a process that reads it {}", e.what(), e.getMessage());
                if (e.late() || death == DEATHS) {
                    throw e.refusal();
                }
            } finally {
                seats.release();
            }
        }
    }

    private void takeSeat(Runnable waiting, Cancellation cancellation) {
        try {
            while (!seats.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                cancellation.check();
                waiting.run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Cancellation.CancelledException();
        }
    }

    private JsonValue once(Question question, Duration limit, Cancellation cancellation) throws DiedException {
        ReadingProcess process = processes.take();
        boolean answered = false;
        try {
            JsonValue document = process.ask(question, limit, cancellation);
            answered = true;
            return document;
        } finally {
            processes.giveBack(process, answered);
        }
    }

    /** Kills the processes that still read. */
    @Override
    public void close() {
        processes.close();
    }
}
