package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.Job;
import dev.quern.jobs.Step;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.testing.Await;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The parts of a job's page that it asks for while the job runs. */
class LivePartsTest {
    private static final int ROUNDS = 20;
    private static final String BEFORE = "data-after=\"2\"";

    private final ApiServer server = ApiServer.shared();
    private final String key = server.key(new Principal(ApiServer.TENANT, "asks for parts", Set.of(Scope.READ)));

    /** What a page was told of it does not ask for again: the buttons of the state before would stay. */
    @Test
    void thePartsAreAtLeastAsNewAsTheEventsThatTheyComeWith() {
        for (int round = 0; round < ROUNDS; round++) {
            Job job = server.job("live");
            server.steps.project(job.id(), Step.of(1, 1, JobState.RUNNING, Stage.INSPECT));
            assertThat(parts(job)).contains(BEFORE, ">running<");
            CompletableFuture<Void> failure = CompletableFuture.runAsync(() -> server.steps.project(
                    job.id(), Step.of(1, 2, JobState.FAILED, Stage.INSPECT).failedWith("internal", "why")));

            String told = Await.within(Duration.ofMinutes(1), "the failure")
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> parts(job), parts -> !parts.contains(BEFORE));

            failure.join();
            assertThat(told).contains(">failed<").doesNotContain(">running<");
        }
    }

    private String parts(Job job) {
        return server.get("/jobs/" + job.id() + "/live?after=0&blocks=0", key).body();
    }
}
