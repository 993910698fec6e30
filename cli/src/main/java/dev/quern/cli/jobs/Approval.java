package dev.quern.cli.jobs;

import dev.quern.cli.client.Connection;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.view.JobView;
import java.time.Duration;

/** Waits until an approved result is published. */
public final class Approval {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);

    private final Connection connection;

    public Approval(Connection connection) {
        this.connection = connection;
    }

    public JobView await(String id) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            JobView job = connection.api().job(id);
            if (job.state() != JobState.QUARANTINED) {
                return job;
            }
            Thread.sleep(BETWEEN_LOOKS);
        }
        throw new QuernException(
                ErrorCode.UNAVAILABLE, "job " + id + ": not published within " + PATIENCE.toMinutes() + " minutes");
    }
}
