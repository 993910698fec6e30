package dev.quern.control.reconcile;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.NoSuchObjectException;
import dev.quern.control.job.JobContexts;
import dev.quern.control.retention.Needs;
import dev.quern.inputs.Plans;
import dev.quern.jobs.Job;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Set;

/** How far evaluations are, by what they have stored: a job that evaluates adds no blocks. */
record MeasuredShards(JobContexts contexts) {
    /** Figures in the store that the job can use: one for each shard and compared model. */
    int count(Job job) {
        try {
            Set<String> own = keys(job);
            return own.isEmpty()
                    ? 0
                    : (int) contexts.store().list(Keys.of(job.tenant()).figures()).stream()
                            .map(Entry::key)
                            .filter(own::contains)
                            .count();
        } catch (NoSuchObjectException e) {
            // Its texts are gone, and with them all use of what was measured on them.
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Set<String> keys(Job job) throws IOException {
        ArtifactStore store = contexts.store();
        Keys tenant = Keys.of(job.tenant());
        Set<String> keys = new HashSet<>();
        for (Entry document : store.list(tenant.jobs(job.id().toString()) + "plan-")) {
            keys.addAll(Needs.figures(contexts, tenant, Plans.parse(contexts.read(document.key()))));
        }
        return keys;
    }
}
