package dev.quern.control.job;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.StoreUnavailableException;
import dev.quern.artifacts.stores.Locations;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PinnedSource;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.control.reading.message.ModelFiles;
import dev.quern.control.reading.message.Place;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.run.Source;
import dev.quern.engine.text.TextFile;
import dev.quern.inputs.SourceStamp;
import dev.quern.inputs.Sources;
import dev.quern.jobs.upload.Upload;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Finds the source of a job and its texts, and opens the source as it was when it was inspected.
 *
 * @param allowed where they may be, beside local folders
 */
public record JobSources(JobContexts contexts, Sources sources, UploadRepository uploads, Locations allowed) {
    /** Opens the plan's source; throws as {@link Sources#open(String, String)}. */
    public Source open(JobPlan plan) {
        return sources.open(plan.model().source(), plan.model().stamp());
    }

    /**
     * Where a source is, of objects the versions that are there now.
     *
     * @throws QuernException INVALID_REQUEST for a place that is not allowed or does not exist
     */
    public Place place(String tenant, JobRequest.Source asked) {
        return place(tenant, "source", asked);
    }

    private Place place(String tenant, String what, JobRequest.Source asked) {
        String path = asked.path();
        return path == null
                ? Place.objects(new PinnedSource(asked.location(), files(tenant, what, asked)))
                : Place.folder(path);
    }

    /** Where a finished result is; as {@link #place(String, JobRequest.Source)}. */
    public Place place(String tenant, JobRequest.Result asked) {
        JobRequest.Source place = asked.place();
        return place == null ? resultOfJob(tenant, asked) : place(tenant, "result", place);
    }

    private Place resultOfJob(String tenant, JobRequest.Result asked) {
        String location = contexts.jobs()
                .find(tenant, UUID.fromString(String.valueOf(asked.job())))
                .filter(job -> asked.output() < job.outputs().size())
                .map(job -> job.outputs().get(asked.output()).location())
                .orElseThrow(() -> invalid("result", asked.location(), "the id of a job that has a result"));
        try {
            if (location.startsWith("s3://")) {
                String uri = location.substring(0, location.length() - 1);
                return Place.objects(new PinnedSource(uri, objects(uri)));
            }
            List<PinnedSource.File> files = contexts.store().list(location).stream()
                    .map(entry -> new PinnedSource.File(
                            entry.key().substring(location.length()), entry.key(), entry.size(), entry.etag()))
                    .toList();
            return Place.objects(new PinnedSource(asked.location(), files));
        } catch (IOException e) {
            throw invalid("result", asked.location(), "a result that can be listed: " + e.getMessage());
        }
    }

    /**
     * Writes down what was inspected, and what of it counts.
     *
     * @return the stamp of the source
     */
    public String stamp(JobContext job, Place place, ModelFiles found) {
        PinnedSource pinned = place.pinned();
        if (pinned == null) {
            return String.valueOf(found.folderStamp());
        }
        Set<String> used = new HashSet<>(found.names());
        List<PinnedSource.File> files = pinned.files().stream()
                .filter(file -> used.contains(file.name()))
                .toList();
        return contexts.store(job, new PinnedSource(pinned.location(), files));
    }

    /**
     * A text as it is now.
     *
     * @param folder takes the copy where one is needed; the caller deletes it
     * @throws QuernException INVALID_REQUEST for a place that is not allowed or does not exist
     */
    public TextFile text(JobContext job, JobRequest.Source asked, Path folder) throws IOException {
        if (asked.path() != null) {
            return TextFile.of(Path.of(asked.path()));
        }
        String uri = asked.uri();
        if (uri == null) {
            Upload.File file = upload(job.row().tenant(), asked).files().getFirst();
            String key = job.keys().upload(file.sha256());
            return copy(file.name(), contexts.store().fetch(key, folder));
        }
        requireAllowed("text", uri);
        int name = uri.lastIndexOf('/') + 1;
        try {
            return copy(uri, sources.buckets().open(uri.substring(0, name)).fetch(uri.substring(name), folder));
        } catch (IllegalArgumentException e) {
            throw invalid("text", uri, "a place that can be read: " + e.getMessage());
        }
    }

    private static TextFile copy(String name, Optional<Path> found) {
        return new TextFile(
                name, found.orElseThrow(() -> invalid("text", name, "a .jsonl or .txt file that is there")));
    }

    private List<PinnedSource.File> files(String tenant, String what, JobRequest.Source asked) {
        String uri = asked.uri();
        try {
            return uri == null ? uploaded(tenant, asked) : listed(what, uri);
        } catch (StoreUnavailableException e) {
            throw new QuernException(ErrorCode.UNAVAILABLE, asked.location() + ": " + e.getMessage(), e);
        } catch (IOException | IllegalArgumentException e) {
            throw invalid(what, asked.location(), "a place that can be listed: " + e.getMessage());
        }
    }

    private List<PinnedSource.File> listed(String what, String uri) throws IOException {
        requireAllowed(what, uri);
        return objects(uri);
    }

    private List<PinnedSource.File> objects(String uri) throws IOException {
        List<PinnedSource.File> files = new ArrayList<>();
        for (ArtifactStore.Entry entry : sources.buckets().open(uri).list("")) {
            files.add(new PinnedSource.File(entry.key(), entry.key(), entry.size(), entry.etag()));
        }
        return files;
    }

    private void requireAllowed(String what, String uri) {
        allowed.refusal(uri).ifPresent(expected -> {
            throw invalid(what, uri, expected);
        });
    }

    private List<PinnedSource.File> uploaded(String tenant, JobRequest.Source asked) throws IOException {
        List<PinnedSource.File> files = new ArrayList<>();
        for (Upload.File file : upload(tenant, asked).files()) {
            String key = Keys.of(tenant).upload(file.sha256());
            ArtifactStore.Entry object = contexts.store()
                    .head(key)
                    .orElseThrow(
                            () -> invalid("source", asked.location(), "its file " + file.name() + " in the store"));
            files.add(new PinnedSource.File(file.name(), key, object.size(), object.etag()));
        }
        return files;
    }

    private Upload upload(String tenant, JobRequest.Source asked) {
        return uploads.find(tenant, UUID.fromString(String.valueOf(asked.upload())))
                .filter(found -> found.state() == Upload.State.COMPLETED)
                .orElseThrow(() -> invalid("source", asked.location(), "the id of a completed upload"));
    }

    private static QuernException invalid(String what, String place, String expected) {
        return new QuernException(ErrorCode.INVALID_REQUEST, what + ": " + place + " (expected: " + expected + ")");
    }

    /**
     * Nothing to do for objects, whose versions are read or nothing.
     *
     * @throws QuernException SOURCE_CHANGED when a folder's files changed since they were inspected
     */
    public static void requireSame(Checkpoint checkpoint, Place place, String stamp) {
        if (place.pinned() == null) {
            SourceStamp.require(stamp, Path.of(place.location()), checkpoint.files());
        }
    }
}
