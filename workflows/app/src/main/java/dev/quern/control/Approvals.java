package dev.quern.control;

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
record Approvals(Rows rows, OutputPlaces places) {
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
        OutputPlaces.Place from = places.quarantine(job);
        OutputPlaces.Place to = places.published(job);
        byte[] json;
        try (InputStream content = from.folder().open(Manifest.NAME)) {
            json = content.readAllBytes();
        }
        Manifest manifest = RecordCodec.read(Json.parse(json), Manifest.class);
        if (!to.own()) {
            places.requireFree(job);
            places.begin(job, manifest);
        }
        for (Manifest.File file : manifest.files()) {
            try (InputStream content = from.folder().open(file.name())) {
                to.folder().create(file.name(), content);
            }
        }
        to.folder().create(Manifest.NAME, json);
        rows.steps()
                .project(
                        job.id(),
                        Step.of(job.generation(), Step.LAST, JobState.COMPLETED, null)
                                .with(new Step.Output(to.location(), manifest.outputDigest())));
        LOG.info("job {}: approved and published", job.id());
    }
}
