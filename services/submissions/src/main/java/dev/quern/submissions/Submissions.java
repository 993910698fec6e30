package dev.quern.submissions;

import dev.quern.artifacts.stores.Locations;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.Submission;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.jobs.upload.Upload;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.job.OutputRecipes;
import dev.quern.recipes.json.Json;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Turns requests into jobs. Whatever can be refused without opening a file is refused here, for every submitter.
 *
 * @param sources where sources may be, beside uploads and files of the server
 * @param outputs where outputs may go outside the store
 * @param maxUnfinished jobs of a tenant that have not ended
 */
public record Submissions(
        JobRepository jobs, UploadRepository uploads, Locations sources, Locations outputs, int maxUnfinished) {
    private static final int MAX_KEY = 255;

    /**
     * Accepts a job. The same key with the same request again is the same job.
     *
     * @param idempotencyKey of the submission, 1 to 255 characters; null where each call is a job of its own
     * @throws QuernException as {@link #check}, and those of {@link JobRepository#submit}
     */
    public JobRepository.Submitted submit(Principal owner, JobRequest request, @Nullable String idempotencyKey) {
        check(owner, request);
        return jobs.submit(submission(owner, request, idempotencyKey), maxUnfinished);
    }

    /**
     * Refuses what can be refused without opening a file.
     *
     * @throws QuernException INVALID_REQUEST with every violation, INVALID_RECIPE, or FORBIDDEN for a path
     */
    public void check(Principal owner, JobRequest request) {
        RequestCheck.check(request);
        OutputRecipes.of(request);
        requireReadable(owner, "/source", request.source(), completed -> true, "the id of a completed upload");
        if (request.result() != null) {
            requireResult(owner, request.result());
        }
        if (request.calibration() != null) {
            requireText(owner, "/calibration", request.calibration().text());
        }
        for (int i = 0; i < request.evaluation().size(); i++) {
            requireText(owner, "/evaluation/" + i, request.evaluation().get(i).text());
        }
        for (int i = 0; i < request.outputs().size(); i++) {
            requireConfigured(
                    outputs, "/outputs/" + i + "/uri", request.outputs().get(i).uri());
        }
    }

    private void requireResult(Principal owner, JobRequest.Result result) {
        JobRequest.Source place = result.place();
        if (place != null) {
            requireReadable(owner, "/result", place, completed -> true, "the id of a completed upload");
            return;
        }
        String id = String.valueOf(result.job());
        boolean made = jobs.find(owner.tenant(), UUID.fromString(id))
                .filter(job ->
                        result.output() < job.outputs().size() && job.request().result() == null)
                .filter(job -> job.outputs().get(result.output()).location() != null)
                .isPresent();
        if (!made) {
            throw refused("/result/job", id, "the id of a job that compressed a model and has its result");
        }
    }

    private void requireText(Principal owner, String at, JobRequest.@Nullable Source text) {
        if (text != null) {
            requireReadable(owner, at, text, Upload::isText, "the id of a completed upload of one .jsonl or .txt file");
        }
    }

    /** Files of the server are for its owners alone. */
    private void requireReadable(
            Principal owner, String at, JobRequest.Source place, Predicate<Upload> kind, String expected) {
        if (place.path() != null) {
            owner.require(Scope.ADMIN, Violation.name(at + "/path"));
        }
        requireConfigured(sources, at + "/uri", place.uri());
        String upload = place.upload();
        boolean found = upload == null
                || uploads.find(owner.tenant(), UUID.fromString(upload))
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
        Violation violation = Violation.of(pointer, value, expected);
        return new QuernException(ErrorCode.INVALID_REQUEST, violation.message(), List.of(violation));
    }

    private static Submission submission(Principal owner, JobRequest request, @Nullable String idempotencyKey) {
        String body = Json.canonical(RecordCodec.write(request));
        return new Submission(
                owner,
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
        return new Submission.Idempotency(key, Digests.sha256(body));
    }
}
