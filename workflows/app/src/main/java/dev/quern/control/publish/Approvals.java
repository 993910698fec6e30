package dev.quern.control.publish;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.s3.ObjectFolder;
import dev.quern.control.job.OutputPlaces;
import dev.quern.control.job.Repositories;
import dev.quern.engine.verify.Manifests;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobOutput;
import dev.quern.jobs.Step;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Publishes quarantined results that a person accepted: copies them with a report that says so, the manifest last. */
public record Approvals(Repositories rows, OutputPlaces places) {
    private static final Logger LOG = LoggerFactory.getLogger(Approvals.class);

    public void publish() {
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
            delete(places.quarantine(job, output).folder());
        }
        rows.steps().project(job.id(), Step.of(job.run().generation(), Step.LAST, JobState.COMPLETED, null));
        LOG.info("job {}: approved and published", job.id());
    }

    private void publish(Job job, JobOutput output) throws IOException {
        OutputPlaces.Place from = places.quarantine(job, output);
        OutputPlaces.Place to = places.published(job, output);
        ReportFiles reports = ReportFiles.ofReport(approved(job, output));
        Manifest manifest = Manifests.with(manifest(from.folder()), reports.contents());
        if (!to.own()) {
            places.requireFree(job, output);
            places.begin(job, output, manifest);
        }
        rows.reports().put(job.id(), output.position(), reports.json());
        for (Manifest.File file : manifest.files()) {
            byte[] report = reports.contents().get(file.name());
            if (report != null) {
                to.folder().create(file.name(), report);
            } else {
                try (InputStream content = from.folder().open(file.name())) {
                    to.folder().create(file.name(), content);
                }
            }
        }
        to.folder().create(Manifest.NAME, Manifests.write(manifest));
        rows.outputs().published(job.id(), output.position(), to.location(), manifest.outputDigest(), true);
    }

    private static Manifest manifest(ObjectFolder folder) throws IOException {
        try (InputStream content = folder.open(Manifest.NAME)) {
            return RecordCodec.read(Json.parse(content.readAllBytes()), Manifest.class);
        }
    }

    /** The report, which says from here on who accepted the result. */
    private Report approved(Job job, JobOutput output) {
        String json = rows.reports().find(job.id(), output.position()).orElseThrow();
        JobView.Approval approval = Objects.requireNonNull(job.remarks().approval());
        return RecordCodec.read(Json.parse(json), Report.class)
                .approved(new Report.Approval(approval.at(), approval.by(), approval.reason()));
    }

    /** What is published needs no second copy; the manifest goes first, so that no half of one counts as a result. */
    private static void delete(ObjectFolder quarantine) throws IOException {
        delete(quarantine, Manifest.NAME);
        for (String name : quarantine.names()) {
            delete(quarantine, name);
        }
    }

    private static void delete(ObjectFolder folder, String name) throws IOException {
        Optional<ArtifactStore.Entry> there = folder.head(name);
        if (there.isPresent()) {
            folder.delete(name, there.get().etag());
        }
    }
}
