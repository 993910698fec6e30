package dev.quern.submissions;

import dev.quern.recipes.Formats;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.job.OutputRecipes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a job request must satisfy beyond its types; every violation is collected. */
final class RequestCheck {
    private static final int MAX_EVALUATIONS = 8;
    private static final int MAX_WINDOWS = 256;
    private static final int MAX_SAMPLES = 65_536;
    private static final int MAX_SEQ_LEN = 131_072;
    private static final int MAX_LABELS = 32;
    private static final int MAX_TEXT = 256;
    private static final int MAX_SEGMENTS = 1024;
    private static final int MAX_SECONDS = 366 * 24 * 3600;
    private static final int MAX_URI = 900;
    private static final Pattern PREFIX = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final Pattern WORKER_CLASS = Pattern.compile("[a-z][a-z0-9-]{0,31}");
    /** The id of an upload or a job. */
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    /** As the store's keys: no empty segment, none that begins with a dot, none overlong. */
    private static final Pattern URI =
            Pattern.compile("s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_][A-Za-z0-9._=+@-]{0,199})+");

    private final List<Violation> violations = new ArrayList<>();

    private RequestCheck() {}

    /** @throws QuernException INVALID_REQUEST with all violations */
    static void check(JobRequest request) {
        RequestCheck check = new RequestCheck();
        check.head(request);
        check.place("/source", request.source());
        check.task(request);
        check.texts(request);
        check.outputs(request);
        check.apart(request);
        check.placement(request.placement());
        check.limits(request.limits());
        check.gate(request.gate());
        if (!check.violations.isEmpty()) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, check.violations.getFirst().message(), check.violations);
        }
    }

    private void head(JobRequest request) {
        expect(
                request.apiVersion().equals(JobRequest.API_VERSION),
                "/apiVersion",
                request.apiVersion(),
                JobRequest.API_VERSION);
        String name = request.name();
        expect(
                name == null || isShort(name),
                "/name",
                "blank, too long or with control characters",
                "1 to " + MAX_TEXT + " characters");
        expect(
                request.labels().size() <= MAX_LABELS,
                "/labels",
                request.labels().size() + " labels",
                "at most " + MAX_LABELS);
        request.labels()
                .forEach((key, value) -> expect(
                        isShort(key) && value.length() <= MAX_TEXT && isPlain(value),
                        "/labels/" + key,
                        "too long or with control characters",
                        "at most " + MAX_TEXT + " characters"));
    }

    /** A request has either a recipe that says how to compress, or a result that was compressed. */
    private void task(JobRequest request) {
        JobRequest.RecipeChoice recipe = request.recipe();
        JobRequest.Result result = request.result();
        if (result == null) {
            expect(recipe != null, "/recipe", "missing", "a recipe, or a result to evaluate");
            if (recipe != null) {
                recipe("/recipe", recipe);
            }
            return;
        }
        expect(recipe == null, "/recipe", "given", "none with a result, which has been compressed already");
        expect(request.calibration() == null, "/calibration", "given", "none with a result");
        result(result);
    }

    private void result(JobRequest.Result result) {
        JobRequest.Source place = result.place();
        if (place != null) {
            place("/result", place);
            return;
        }
        boolean alone = Stream.of(result.path(), result.uri(), result.upload()).allMatch(Objects::isNull);
        expect(alone, "/result", "several", "exactly one of path, uri, upload and job");
        String job = String.valueOf(result.job());
        expect(ID.matcher(job).matches(), "/result/job", job, "the id of a job");
        range("/result/output", result.output(), 0, OutputRecipes.MAX - 1);
    }

    private void recipe(String pointer, JobRequest.RecipeChoice recipe) {
        boolean one = (recipe.ref() == null) != (recipe.inline() == null);
        expect(one, pointer, recipe.ref() == null ? "empty" : "both", "either ref or inline");
    }

    private void place(String at, JobRequest.Source place) {
        long given = Stream.of(place.path(), place.uri(), place.upload())
                .filter(Objects::nonNull)
                .count();
        expect(given == 1, at, given == 0 ? "empty" : "several", "exactly one of path, uri and upload");
        path(at + "/path", place.path());
        uri(at + "/uri", place.uri());
        String upload = place.upload();
        expect(
                upload == null || ID.matcher(upload).matches(),
                at + "/upload",
                String.valueOf(upload),
                "the id of an upload");
    }

    private void texts(JobRequest request) {
        JobRequest.Calibration calibration = request.calibration();
        if (calibration != null) {
            text("/calibration", calibration.text());
            range("/calibration/samples", calibration.samples(), 1, MAX_SAMPLES);
            range("/calibration/seqLen", calibration.seqLen(), 2, MAX_SEQ_LEN);
        }
        List<JobRequest.Evaluation> evaluations = request.evaluation();
        expect(
                evaluations.size() <= MAX_EVALUATIONS,
                "/evaluation",
                evaluations.size() + " files",
                "at most " + MAX_EVALUATIONS);
        for (int i = 0; i < evaluations.size(); i++) {
            text("/evaluation/" + i, evaluations.get(i).text());
            range("/evaluation/" + i + "/windows", evaluations.get(i).windows(), 1, MAX_WINDOWS);
            range("/evaluation/" + i + "/seqLen", evaluations.get(i).seqLen(), 2, MAX_SEQ_LEN);
        }
    }

    private void text(String at, JobRequest.@Nullable Source text) {
        if (text != null) {
            place(at, text);
        }
    }

    private void outputs(JobRequest request) {
        List<JobRequest.Output> outputs = request.outputs();
        boolean compresses = request.result() == null;
        expect(
                !outputs.isEmpty() && outputs.size() <= (compresses ? OutputRecipes.MAX : 1),
                "/outputs",
                outputs.size() + " outputs",
                compresses ? "1 to " + OutputRecipes.MAX : "1 with a result");
        List<String> formats = compresses ? Formats.ALL : List.of(JobRequest.Output.EVALUATION);
        for (int i = 0; i < outputs.size(); i++) {
            JobRequest.Output output = outputs.get(i);
            expect(
                    formats.contains(output.format()),
                    "/outputs/" + i + "/format",
                    output.format(),
                    String.join(", ", formats));
            String prefix = output.prefix();
            expect(
                    prefix == null || PREFIX.matcher(prefix).matches(),
                    "/outputs/" + i + "/prefix",
                    String.valueOf(prefix),
                    "letters, digits, dot, dash and underscore, at most 128");
            uri("/outputs/" + i + "/uri", output.uri());
            JobRequest.RecipeChoice recipe = output.recipe();
            if (recipe != null) {
                expect(compresses, "/outputs/" + i + "/recipe", "given", "none with a result");
                recipe("/outputs/" + i + "/recipe", recipe);
            }
            expect(prefix == null || output.uri() == null, "/outputs/" + i, "both", "either prefix or uri");
        }
    }

    /** An output within a source, or around it, would change the source. */
    private void apart(JobRequest request) {
        apart(request, request.source().uri(), "a place apart from the source");
        if (request.result() != null) {
            apart(request, request.result().uri(), "a place apart from the result");
        }
    }

    private void apart(JobRequest request, @Nullable String source, String expected) {
        for (int i = 0; source != null && i < request.outputs().size(); i++) {
            String output = request.outputs().get(i).uri();
            boolean overlap = output != null
                    && ((output + "/").startsWith(source + "/") || (source + "/").startsWith(output + "/"));
            expect(!overlap, "/outputs/" + i + "/uri", String.valueOf(output), expected);
        }
    }

    private void placement(JobRequest.@Nullable Placement placement) {
        if (placement == null) {
            return;
        }
        String workerClass = placement.workerClass();
        expect(
                workerClass == null || WORKER_CLASS.matcher(workerClass).matches(),
                "/placement/class",
                String.valueOf(workerClass),
                "small letters, digits and dash, at most 32, for example cpu");
        range("/placement/segments", placement.segments(), 1, MAX_SEGMENTS);
    }

    private void limits(JobRequest.@Nullable Limits limits) {
        if (limits != null) {
            range("/limits/maxPendingSeconds", limits.maxPendingSeconds(), 1, MAX_SECONDS);
            range("/limits/maxRuntimeSeconds", limits.maxRuntimeSeconds(), 1, MAX_SECONDS);
        }
    }

    private void gate(@Nullable Gate gate) {
        if (gate == null) {
            return;
        }
        positive("/gate/maxKl", gate.maxKl());
        positive("/gate/maxPplRatio", gate.maxPplRatio());
        Double top1 = gate.minTop1();
        expect(top1 == null || (top1 >= 0 && top1 <= 1), "/gate/minTop1", String.valueOf(top1), "0 to 1");
    }

    private void path(String pointer, @Nullable String path) {
        boolean fits = path == null || (path.startsWith("/") && path.indexOf('\0') < 0);
        expect(fits, pointer, String.valueOf(path), "an absolute path on the server");
    }

    private void uri(String pointer, @Nullable String uri) {
        boolean fits =
                uri == null || (uri.length() <= MAX_URI && URI.matcher(uri).matches());
        expect(
                fits,
                pointer,
                String.valueOf(uri),
                "s3://bucket/prefix, at most " + MAX_URI
                        + " letters, digits or ._=+@-, no empty name, none that begins with a dot");
    }

    private void range(String pointer, @Nullable Integer value, int least, int most) {
        expect(
                value == null || (value >= least && value <= most),
                pointer,
                String.valueOf(value),
                String.format(Locale.ROOT, "%d to %d", least, most));
    }

    private void positive(String pointer, @Nullable Double value) {
        expect(
                value == null || (value > 0 && Double.isFinite(value)),
                pointer,
                String.valueOf(value),
                "a positive number");
    }

    private static boolean isShort(String text) {
        return !text.isBlank() && text.length() <= MAX_TEXT && isPlain(text);
    }

    /** Terminals obey control characters. */
    private static boolean isPlain(String text) {
        return text.chars().noneMatch(Character::isISOControl);
    }

    private void expect(boolean holds, String pointer, String value, String expected) {
        if (!holds) {
            violations.add(Violation.of(pointer, value, expected));
        }
    }
}
