package dev.quern.control;

import dev.quern.jobs.Job;
import dev.quern.jobs.JobOutput;
import dev.quern.jobs.JobState;
import dev.quern.jobs.Step;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
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
        for (JobOutput output : job.outputs()) {
            if (output.quarantined()) {
                publish(job, output);
            }
        }
        JobOutput first = rows.jobs().find(job.id()).orElseThrow().outputs().getFirst();
        rows.steps()
                .project(
                        job.id(),
                        Step.of(job.generation(), Step.LAST, JobState.COMPLETED, null)
                                .with(new Step.Output(
                                        Objects.requireNonNull(first.location()),
                                        Objects.requireNonNull(first.digest()))));
        LOG.info("job {}: approved and published", job.id());
    }

    private void publish(Job job, JobOutput output) throws IOException {
        OutputPlaces.Place from = places.quarantine(job, output);
        OutputPlaces.Place to = places.published(job, output);
        byte[] json;
        try (InputStream content = from.folder().open(Manifest.NAME)) {
            json = content.readAllBytes();
        }
        Manifest manifest = RecordCodec.read(Json.parse(json), Manifest.class);
        if (!to.own()) {
            places.requireFree(job, output);
            places.begin(job, output, manifest);
        }
        for (Manifest.File file : manifest.files()) {
            try (InputStream content = from.folder().open(file.name())) {
                to.folder().create(file.name(), content);
            }
        }
        to.folder().create(Manifest.NAME, json);
        rows.outputs().published(job.id(), output.position(), to.location(), manifest.outputDigest(), true);
    }
}
