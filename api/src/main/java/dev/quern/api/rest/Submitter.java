package dev.quern.api.rest;

import dev.quern.api.caller.Caller;
import dev.quern.api.settings.ApiProperties;
import dev.quern.artifacts.stores.Locations;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.Scope;
import dev.quern.jobs.Submission;
import dev.quern.jobs.Upload;
import dev.quern.jobs.UploadRepository;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.OutputRecipes;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.json.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Turns a request into a row. Everything that can be refused without opening a file is refused here. */
@Component
final class Submitter {
    private static final int MAX_KEY = 255;

    private final JobRepository jobs;
    private final UploadRepository uploads;
    private final int maxUnfinished;
    private final Locations sources;
    private final Locations outputs;

    Submitter(JobRepository jobs, UploadRepository uploads, ApiProperties properties) {
        this.jobs = jobs;
        this.uploads = uploads;
        this.maxUnfinished = properties.maxUnfinishedJobs();
        this.sources = Locations.parse(properties.sources());
        this.outputs = Locations.parse(properties.outputs());
    }

    JobRepository.Submitted submit(Caller caller, JobRequest request, @Nullable String idempotencyKey) {
        check(caller, request);
        return jobs.submit(submission(caller, request, idempotencyKey), maxUnfinished);
    }

    /**
     * Refuses what can be refused without opening a file.
     *
     * @throws QuernException INVALID_REQUEST with every violation, INVALID_RECIPE, or FORBIDDEN for a path
     */
    void check(Caller caller, JobRequest request) {
        RequestCheck.check(request);
        OutputRecipes.of(request);
        requireReadable(caller, "/source", request.source(), completed -> true, "the id of a completed upload");
        if (request.result() != null) {
            requireResult(caller, request.result());
        }
        if (request.calibration() != null) {
            requireText(caller, "/calibration", request.calibration().text());
        }
        for (int i = 0; i < request.evaluation().size(); i++) {
            requireText(caller, "/evaluation/" + i, request.evaluation().get(i).text());
        }
        for (int i = 0; i < request.outputs().size(); i++) {
            requireConfigured(
                    outputs, "/outputs/" + i + "/uri", request.outputs().get(i).uri());
        }
    }

    private void requireResult(Caller caller, JobRequest.Result result) {
        JobRequest.Source place = result.place();
        if (place != null) {
            requireReadable(caller, "/result", place, completed -> true, "the id of a completed upload");
            return;
        }
        String id = String.valueOf(result.job());
        boolean made = jobs.find(caller.tenant(), UUID.fromString(id))
                .filter(job -> result.output() < job.outputs().size() && job.result() == null)
                .filter(job -> job.outputs().get(result.output()).location() != null)
                .isPresent();
        if (!made) {
            throw refused("/result/job", id, "the id of a job that compressed a model and has its result");
        }
    }

    private void requireText(Caller caller, String at, JobRequest.@Nullable Source text) {
        if (text != null) {
            requireReadable(
                    caller, at, text, Upload::isText, "the id of a completed upload of one .jsonl or .txt file");
        }
    }

    /** Files of the server are for its owners alone. */
    private void requireReadable(
            Caller caller, String at, JobRequest.Source place, Predicate<Upload> kind, String expected) {
        if (place.path() != null) {
            caller.require(Scope.ADMIN, name(at + "/path"));
        }
        requireConfigured(sources, at + "/uri", place.uri());
        String upload = place.upload();
        boolean found = upload == null
                || uploads.find(caller.tenant(), UUID.fromString(upload))
                        .filter(one -> one.state() == Upload.State.COMPLETED)
                        .filter(kind)
                        .isPresent();
        if (!found) {
            throw refused(at + "/upload", String.valueOf(upload), expected);
        }
    }

    /** Objects are read and written only where this installation allows it. */
    private static void requireConfigured(Locations allowed, String pointer, @Nullable String uri) {
        if (uri != null) {
            allowed.refusal(uri).ifPresent(expected -> {
                throw refused(pointer, uri, expected);
            });
        }
    }

    private static QuernException refused(String pointer, String value, String expected) {
        String message = name(pointer) + ": " + value + " (expected: " + expected + ")";
        return new QuernException(ErrorCode.INVALID_REQUEST, message, List.of(new Violation(pointer, message)));
    }

    private static String name(String pointer) {
        return pointer.substring(1).replace('/', '.');
    }

    private static Submission submission(Caller caller, JobRequest request, @Nullable String idempotencyKey) {
        String body = Json.canonical(RecordCodec.write(request));
        return new Submission(
                caller.principal(),
                request.name(),
                request.source().location(),
                request.result() == null ? null : request.result().location(),
                outputs(request),
                body,
                request.labels(),
                request.detach(),
                idempotency(idempotencyKey, body),
                request.placement(),
                request.limits());
    }

    private static List<Submission.Output> outputs(JobRequest request) {
        if (request.result() != null) {
            JobRequest.Output report = request.outputs().getFirst();
            return List.of(new Submission.Output(report.prefix(), report.uri(), JobRequest.Output.EVALUATION, null));
        }
        List<Recipe> recipes = OutputRecipes.of(request);
        return IntStream.range(0, recipes.size())
                .mapToObj(i -> {
                    JobRequest.Output output = request.outputs().get(i);
                    Recipe recipe = recipes.get(i);
                    String json = Json.canonical(RecordCodec.write(recipe));
                    return new Submission.Output(output.prefix(), output.uri(), recipe.name(), json);
                })
                .toList();
    }

    private static Submission.@Nullable Idempotency idempotency(@Nullable String key, String body) {
        if (key == null) {
            return null;
        }
        if (key.isBlank() || key.length() > MAX_KEY) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "Idempotency-Key: " + key.length() + " characters (expected: 1 to " + MAX_KEY + ")");
        }
        return new Submission.Idempotency(key, sha256(body));
    }

    private static String sha256(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256: missing (expected: in every JDK)", e);
        }
    }
}
