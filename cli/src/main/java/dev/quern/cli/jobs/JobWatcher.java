package dev.quern.cli.jobs;

import dev.quern.cli.client.Connection;
import dev.quern.cli.console.Console;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.view.JobView;
import java.time.Duration;

/** Follows a job to its end, through the death of the stack it runs on. */
public final class JobWatcher {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);
    /** A server that cannot be reached this often in a row is gone. */
    private static final int ATTEMPTS = 10;

    private static final Duration BETWEEN_ATTEMPTS = Duration.ofSeconds(1);

    private final Connection connection;
    private final Console console;
    private final ProgressLine line;
    private int reused;
    private String trouble = "";

    public JobWatcher(Connection connection, Console console) {
        this.connection = connection;
        this.console = console;
        this.line = new ProgressLine(console);
    }

    public static boolean isOver(JobView job) {
        return job.state().terminal();
    }

    /** The job at its end. */
    public JobView await(String id) throws InterruptedException {
        try {
            JobView job = look(id);
            while (!isOver(job)) {
                sayReused(job);
                line.show(job);
                requireWorkers(job);
                sayTrouble();
                Thread.sleep(BETWEEN_LOOKS);
                job = look(id);
            }
            return job;
        } finally {
            line.end();
        }
    }

    private void sayReused(JobView job) {
        if (job.progress().reusedBlocks() > reused) {
            reused = job.progress().reusedBlocks();
            line.end();
            console.say("reused: " + reused + " of " + job.progress().blocks() + " blocks had been made before");
        }
    }

    /** Parts of the stack that ended and were started again may be why the job takes long. */
    private void sayTrouble() {
        String now = connection.trouble().orElse("");
        if (!now.equals(trouble)) {
            trouble = now;
            if (!now.isEmpty()) {
                line.end();
                console.warn(now);
            }
        }
    }

    /** The stack starts its workers itself: when none comes up, waiting does not help. The job stays as it is. */
    private void requireWorkers(JobView job) {
        JobView.Reason reason = job.remarks().reason();
        // The reason in the row may be older than what the stack says now.
        if (reason != null
                && reason.code() == ReasonCode.WORKER_FAILED
                && connection.trouble().isPresent()) {
            throw new QuernException(
                    ErrorCode.WORKER_FAILED,
                    reason.remedy() + ". Job " + job.id()
                            + " waits; the same command continues it once the worker runs. " + Console.command()
                            + " doctor checks this machine.");
        }
    }

    private JobView look(String id) throws InterruptedException {
        QuernException last = new QuernException(ErrorCode.UNAVAILABLE, "the server cannot be reached");
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try {
                return connection.api().job(id);
            } catch (QuernException e) {
                if (e.code() != ErrorCode.UNAVAILABLE) {
                    throw e;
                }
                last = e;
                Thread.sleep(BETWEEN_ATTEMPTS);
                connection.restore();
            }
        }
        throw connection.explained(last);
    }
}
