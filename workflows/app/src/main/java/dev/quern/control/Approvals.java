package dev.quern.control;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobState;
import dev.quern.jobs.Step;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import java.io.IOException;
import java.io.InputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Publishes quarantined results that a person accepted: copies them, the manifest last. */
record Approvals(Rows rows, ArtifactStore store) {
    private static final Logger LOG = LoggerFactory.getLogger(Approvals.class);

    void publish() {
        for (Job job : rows.jobs().approved()) {
            try {
                publish(job);
            } catch (IOException | RuntimeException e) {
                LOG.warn("job {}: cannot publish what was approved: {}", job.id(), e.toString());
            }
        }
    }

    private void publish(Job job) throws IOException {
        Keys keys = Keys.of(job.tenant());
        String id = job.id().toString();
        byte[] json = store.read(keys.quarantined(id, Manifest.NAME));
        Manifest manifest = RecordCodec.read(Json.parse(json), Manifest.class);
        for (Manifest.File file : manifest.files()) {
            try (InputStream content = store.open(keys.quarantined(id, file.name()))) {
                store.create(keys.output(job.prefix(), file.name()), content);
            }
        }
        store.create(keys.output(job.prefix(), Manifest.NAME), json);
        rows.steps()
                .project(
                        job.id(),
                        Step.of(job.generation(), Step.LAST, JobState.COMPLETED, null)
                                .with(new Step.Output(keys.outputs(job.prefix()), manifest.outputDigest())));
        LOG.info("job {}: approved and published", job.id());
    }
}
