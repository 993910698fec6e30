package dev.quern.cli;

import dev.quern.cli.client.Api;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.JobRequest.Source;
import dev.quern.recipes.view.JobView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A request that is submitted once: typed again, it finds its job while that is not finished.
 *
 * @param request with its label
 * @param upload what the server must have before it can start; null where it reaches the checkpoint itself
 */
record Submission(JobRequest request, @Nullable Upload upload) {
    /** How many jobs with one label are looked through: all but the newest are finished. */
    private static final int RECENT = 20;

    /** Reads the checkpoint where it is to be uploaded: such a request is known by what the files hold, not by where they lie. */
    static Submission of(JobRequest request, @Nullable Path toUpload, Console console) {
        if (toUpload == null) {
            return new Submission(Requests.labelled(request), null);
        }
        Upload upload = Upload.of(toUpload, digests(), console);
        return new Submission(
                Requests.labelled(Requests.withSource(request, Source.uploaded(upload.digest()))), upload);
    }

    /** Remembers what files hold, so that the next command does not read them again. */
    private static Path digests() {
        String base = System.getenv("XDG_CACHE_HOME");
        Path home = base == null || base.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(base);
        try {
            return Files.createDirectories(home.resolve("quern")).resolve("digests.json");
        } catch (IOException e) {
            throw new UncheckedIOException("no place for " + home, e);
        }
    }

    JobView submit(Api api, Console console) throws InterruptedException {
        JobView existing = existing(api);
        if (existing != null) {
            console.say("job " + existing.id() + " has the same request and is not finished: attached to it, "
                    + existing.progress().blocksDone() + " blocks exist");
            if (existing.desired().equals("PAUSE")) {
                console.say("it is paused; let it go on with: quern jobs resume " + existing.id());
            }
            return existing;
        }
        JobRequest wanted =
                upload == null ? request : Requests.withSource(request, Source.uploaded(upload.send(api, console)));
        JobView job = api.submit(wanted, UUID.randomUUID().toString());
        console.say("job " + job.id() + ": " + String.join(" + ", Results.recipes(job)) + " of " + job.model());
        return job;
    }

    private @Nullable JobView existing(Api api) throws InterruptedException {
        String label = Requests.LABEL + ":" + request.labels().get(Requests.LABEL);
        return api.jobs(Map.of("label", label), null, RECENT).jobs().stream()
                .filter(job -> !JobWatcher.isOver(job))
                .findFirst()
                .orElse(null);
    }
}
