package dev.quern.control.retention;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.s3.ObjectFolder;
import dev.quern.contract.JobRef;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PlanRef;
import dev.quern.control.job.JobArtifacts;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.control.job.OutputPlaces;
import dev.quern.control.job.ScratchFolders;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.engine.verify.Manifests;
import dev.quern.inputs.Plans;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobOutput;
import dev.quern.jobs.StepRepository;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.process.FailPoint;
import io.micrometer.core.instrument.Counter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes scratch and streams of jobs at their end, and artifacts that are damaged.
 *
 * @param damages how many artifacts were deleted to be made again
 */
public record Cleaner(
        JobContexts contexts, StepRepository steps, OutputPlaces places, ScratchFolders scratch, Counter damages) {
    private static final Logger LOG = LoggerFactory.getLogger(Cleaner.class);

    /** Deletes a damaged artifact, exactly the version that is seen to be damaged here as well. */
    public void repair(JobRef ref, PlanRef plan, String artifact) throws IOException {
        JobContext job = contexts.of(ref);
        ArtifactStore store = contexts.store();
        String key = job.keys().artifact(artifact);
        Optional<ArtifactStore.Entry> seen = store.head(key);
        if (seen.isPresent() && damaged(key, ArtifactName.parse(artifact), scratch.of(job.id()))) {
            boolean deleted = store.delete(key, seen.get().etag());
            if (deleted) {
                damages.increment();
            }
            LOG.warn("{}: damaged, {}", key, deleted ? "deleted" : "replaced meanwhile");
        }
    }

    private boolean damaged(String key, ArtifactName name, Path folder) throws IOException {
        Optional<Path> file = contexts.store().fetch(key, folder);
        if (file.isEmpty()) {
            return false;
        }
        if (name.kind().lifetime() == ArtifactName.Lifetime.INTERMEDIATE) {
            // Its reader said so, and it is cheap to make again.
            return true;
        }
        try {
            BlockArtifact.read(file.get(), name);
            return false;
        } catch (DamagedArtifactException e) {
            return true;
        }
    }

    /**
     * Deletes what only a running job needs. Blocks stay: the next job on the same inputs starts from them. A stream
     * that another job uses too is replayed. A failed job keeps streams and documents as well: a retry continues from
     * them. Repeatable: a death on the way leaves the row as it is, and it is done again.
     */
    public void cleanup(JobRef ref) throws IOException {
        JobContext job = contexts.of(ref);
        if (!job.row().state().terminal() || job.row().run().generation() != ref.generation()) {
            // Retried meanwhile: what lies there belongs to the next generation.
            return;
        }
        FailPoint.pass("cleanup.before");
        scratch.delete(job.id());
        deleteHalfPublished(job);
        if (job.row().state() != JobState.FAILED) {
            deleteDocuments(job);
        }
        steps.cleaned(job.row().id(), ref.generation());
        FailPoint.pass("cleanup.after");
    }

    /**
     * Deletes what is left of a deleted job: its results in the store, its quarantine, its documents, then its rows.
     * What it published outside the store belongs to the owner of that place, and stays. Repeatable.
     */
    public void forget(Job job) throws IOException {
        Keys keys = Keys.of(job.tenant());
        String id = job.id().toString();
        for (JobOutput output : job.outputs()) {
            deleteAll(keys.quarantine(id, output.position()));
            // One that ended without a result holds no place; another job may.
            if (output.uri() == null && contexts.jobs().holds(job.id(), output.prefix())) {
                deleteAll(keys.outputs(output.prefix()));
            }
        }
        deleteAll(keys.jobs(id));
        contexts.jobs().forget(job.id());
    }

    /** The manifest first: without it nobody takes what is left for a result. */
    private void deleteAll(String prefix) throws IOException {
        ArtifactStore store = contexts.store();
        Optional<ArtifactStore.Entry> manifest = store.head(prefix + Manifest.NAME);
        if (manifest.isPresent()) {
            store.delete(manifest.get().key(), manifest.get().etag());
        }
        for (ArtifactStore.Entry entry : store.list(prefix)) {
            store.delete(entry.key(), entry.etag());
        }
    }

    private void deleteDocuments(JobContext job) throws IOException {
        ArtifactStore store = contexts.store();
        List<ArtifactStore.Entry> documents = store.list(job.keys().jobs(job.id()));
        for (ArtifactStore.Entry document : documents) {
            if (document.key().contains("/plan-")) {
                JobPlan plan = Plans.parse(contexts.read(document.key()));
                new JobArtifacts(contexts, job.keys(), plan).deleteIntermediate();
            }
        }
        FailPoint.pass("cleanup.within");
        for (ArtifactStore.Entry document : documents) {
            // Plans say what a job needed: retention counts it, and deletes them at its end.
            if (!document.key().contains("/plan-")) {
                store.delete(document.key(), document.etag());
            }
        }
    }

    /**
     * What a publish that was stopped has left: without a manifest it is no result, and nobody may wait for it there.
     */
    private void deleteHalfPublished(JobContext job) throws IOException {
        if (!job.row().state().withoutResult()) {
            return;
        }
        for (JobOutput output : job.row().outputs()) {
            deleteHalfPublished(job, output);
        }
    }

    private void deleteHalfPublished(JobContext job, JobOutput output) throws IOException {
        deleteWithoutManifest(job.keys().quarantine(job.id(), output.position()));
        if (!contexts.jobs().claimed(job.row().tenant(), output.prefix())) {
            deleteWithoutManifest(job.keys().outputs(output.prefix()));
        }
        String uri = output.uri();
        if (uri != null && !contexts.jobs().claimed(job.row().tenant(), uri)) {
            deleteOutside(job.row(), output);
        }
    }

    /** Outside the store only by name, what this job had begun to put there. */
    private void deleteOutside(Job job, JobOutput output) throws IOException {
        Optional<Manifest> begun = places.begun(job, output);
        if (begun.isEmpty()) {
            return;
        }
        ObjectFolder place = places.published(job, output).folder();
        if (place.head(Manifest.NAME).isPresent()) {
            return;
        }
        for (Manifest.File file : begun.get().files()) {
            Optional<ArtifactStore.Entry> there = place.head(file.name());
            if (there.isPresent()
                    && (Manifests.isReport(file.name()) || there.get().size() == file.size())) {
                place.delete(file.name(), there.get().etag());
            }
        }
    }

    private void deleteWithoutManifest(String prefix) throws IOException {
        if (contexts.store().head(prefix + Manifest.NAME).isPresent()) {
            return;
        }
        for (ArtifactStore.Entry entry : contexts.store().list(prefix)) {
            contexts.store().delete(entry.key(), entry.etag());
        }
    }
}
