package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.worker.ComputeWorker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/** What a disturbed job has made, and what the same job makes when nothing disturbs it. */
public record BlockProbe(ServiceHarness service, Duration limit) {
    /** A built-in recipe, but for its propagation: its blocks do not depend on each other. */
    static Recipe independent(String builtIn) {
        return Recipes.read("apiVersion: quern/v1\npropagation: independent\nextends: " + builtIn);
    }

    List<Entry> blocks() {
        try {
            return service.store().list("t/default/artifacts/block-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the job is in the middle of its compression. */
    public List<Entry> awaitSome(UUID job) throws Exception {
        service.await(job, limit, now -> !blocks().isEmpty() || now.state().terminal());
        assertThat(service.find(job)).returns(JobState.RUNNING, Job::state).returns(Stage.COMPRESS, Job::stage);
        return blocks();
    }

    /** After a disturbance: nothing was made twice. */
    void assertCompletedFrom(List<Entry> before, Job end, int generation) {
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(end.run().generation()).isEqualTo(generation);
        assertThat(blocks()).as("blocks that were there, as they were").containsAll(before);
    }

    /** Forgets all artifacts, makes the job from nothing and tells its digest. */
    String undisturbed(JobRequest request, Recipe recipe) throws Exception {
        ArtifactStore store = service.store();
        for (Entry entry : store.list("t/default/artifacts/")) {
            store.delete(entry.key(), entry.etag());
        }
        try (ComputeWorker worker = service.startWorker()) {
            Job job =
                    service.awaitEnd(service.submit("default", request, recipe).id(), limit);
            assertThat(job.state()).as("%s", job.remarks().failure()).isEqualTo(JobState.COMPLETED);
            assertThat(job.progress().reusedBlocks()).isZero();
            return String.valueOf(job.outputs().getFirst().digest());
        }
    }
}
