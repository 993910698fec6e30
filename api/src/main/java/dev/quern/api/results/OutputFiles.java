package dev.quern.api.results;

import dev.quern.api.request.StoreAccess;
import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobOutput;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * The files of a published or quarantined result. The manifest alone says which there are: no other object can be read.
 */
@Component
public class OutputFiles {
    private final StoreAccess store;

    OutputFiles(StoreAccess store) {
        this.store = store;
    }

    /** An object of the store, of this version. */
    record Content(String key, String etag, long size) {}

    /** Empty where the output is not there. */
    public Optional<Manifest> find(Job job, JobOutput output) {
        try {
            return Optional.of(manifest(job, output));
        } catch (QuernException e) {
            return Optional.empty();
        }
    }

    /** @throws QuernException NOT_FOUND where the output is not there */
    Manifest manifest(Job job, JobOutput output) {
        Content content = head(job, output, Manifest.NAME);
        try (InputStream in = store.get().open(content.key(), 0, content.size(), content.etag())) {
            return RecordCodec.read(Json.parse(in.readAllBytes()), Manifest.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @throws QuernException NOT_FOUND for a name that is not in the manifest */
    Content content(Job job, JobOutput output, String name) {
        boolean listed = name.equals(Manifest.NAME)
                || manifest(job, output).files().stream()
                        .anyMatch(file -> file.name().equals(name));
        if (!listed) {
            throw new QuernException(ErrorCode.NOT_FOUND, "file: " + name + " (expected: a name of the manifest)");
        }
        return head(job, output, name);
    }

    InputStream open(Content content, long offset, long length) throws IOException {
        return store.get().open(content.key(), offset, length, content.etag());
    }

    private Content head(Job job, JobOutput output, String name) {
        try {
            ArtifactStore.Entry entry = store.get().head(key(job, output, name)).orElseThrow();
            return new Content(entry.key(), entry.etag(), entry.size());
        } catch (NoSuchElementException e) {
            throw new QuernException(
                    ErrorCode.NOT_FOUND,
                    "files: none, the job is " + job.state() + " (expected: a job with a result)",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String key(Job job, JobOutput output, String name) {
        Keys keys = Keys.of(job.tenant());
        return output.quarantined()
                ? keys.quarantined(job.id().toString(), output.position(), name)
                : keys.output(output.prefix(), name);
    }
}
