package dev.quern.cli.compress;

import dev.quern.cli.client.Api;
import dev.quern.cli.console.Console;
import dev.quern.cli.jobs.JobWatcher;
import dev.quern.cli.results.Results;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.JobRequest.Source;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.view.JobView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request that is submitted once: typed again, it finds its job while that is not finished.
 *
 * @param request with its label; it names uploads by their digests
 * @param uploads what the server must have before it can start, by digest
 */
record Submission(JobRequest request, Map<String, Upload> uploads) {
    /** How many jobs with one label are looked through: all but the newest are finished. */
    private static final int RECENT = 20;

    /**
     * Reads what is to be uploaded: a request to a server is known by what its files hold, not by where they are.
     *
     * @param options make the request, once they know how the server comes to a file or folder of this machine
     * @param remote whether that is by upload
     * @param result the folder that is a finished result, not a model to be compressed; null where none is
     */
    static Submission of(
            Function<Function<Path, Source>, JobRequest> options,
            boolean remote,
            @Nullable Path result,
            Console console) {
        Map<String, Upload> uploads = new LinkedHashMap<>();
        JobRequest request = options.apply(file -> {
            if (!remote) {
                return Source.onServer(file.toString());
            }
            Upload upload = file.equals(result)
                    ? Upload.ofResult(file, digests(), console)
                    : Upload.of(file, digests(), console);
            uploads.put(upload.digest(), upload);
            return Source.uploaded(upload.digest()).named(name(file));
        });
        return new Submission(Requests.labelled(request), uploads);
    }

    /** The name of the folder, also where it was typed as a dot. */
    private static String name(Path file) {
        Path name = file.toAbsolutePath().normalize().getFileName();
        return name == null ? "model" : name.toString();
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
            console.say("job " + existing.id() + " has the same request and is not finished: attached to it"
                    + (existing.work().result() == null
                            ? ", " + existing.progress().blocksDone() + " blocks exist"
                            : ""));
            if (existing.desired() == Desired.PAUSE) {
                console.say("it is paused; resume it with: " + Console.command() + " jobs resume " + existing.id());
            }
            return existing;
        }
        Map<String, String> ids = new HashMap<>();
        for (Upload upload : uploads.values()) {
            ids.put(upload.digest(), upload.send(api, console));
        }
        JobView job =
                api.submit(Requests.withUploads(request, ids), UUID.randomUUID().toString());
        console.say("job " + job.id() + ": " + String.join(" + ", Results.recipes(job)) + " of "
                + (job.work().result() == null
                        ? job.work().model()
                        : job.work().result() + " against " + job.work().model()));
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
