package dev.quern.api.rest;

import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.QuernException.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a job request must satisfy beyond its types; every violation is collected. */
final class RequestCheck {
    private static final int MAX_EVALUATIONS = 8;
    private static final int MAX_WINDOWS = 256;
    private static final int MAX_SAMPLES = 65_536;
    private static final int MAX_SEQ_LEN = 131_072;
    private static final int MAX_LABELS = 32;
    private static final int MAX_TEXT = 256;
    private static final Pattern PREFIX = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    private final List<Violation> violations = new ArrayList<>();

    private RequestCheck() {}

    /**
     * @throws QuernException INVALID_REQUEST with all violations
     */
    static void check(JobRequest request) {
        RequestCheck check = new RequestCheck();
        check.head(request);
        check.texts(request);
        check.outputs(request.outputs());
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
        path("/source/path", request.source().path());
        boolean one = (request.recipe().ref() == null) != (request.recipe().inline() == null);
        expect(one, "/recipe", request.recipe().ref() == null ? "empty" : "both", "either ref or inline");
        String name = request.name();
        expect(name == null || isShort(name), "/name", "too long", "1 to " + MAX_TEXT + " characters");
        expect(
                request.labels().size() <= MAX_LABELS,
                "/labels",
                request.labels().size() + " labels",
                "at most " + MAX_LABELS);
        request.labels()
                .forEach((key, value) -> expect(
                        isShort(key) && value.length() <= MAX_TEXT,
                        "/labels/" + key,
                        "too long",
                        "at most " + MAX_TEXT));
    }

    private void texts(JobRequest request) {
        JobRequest.Calibration calibration = request.calibration();
        if (calibration != null) {
            path("/calibration/path", calibration.path());
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
            path("/evaluation/" + i + "/path", evaluations.get(i).path());
            range("/evaluation/" + i + "/windows", evaluations.get(i).windows(), 1, MAX_WINDOWS);
            range("/evaluation/" + i + "/seqLen", evaluations.get(i).seqLen(), 2, MAX_SEQ_LEN);
        }
    }

    private void outputs(List<JobRequest.Output> outputs) {
        expect(outputs.size() == 1, "/outputs", outputs.size() + " outputs", "exactly one");
        for (int i = 0; i < outputs.size(); i++) {
            JobRequest.Output output = outputs.get(i);
            expect(
                    output.format().equals("compressed-tensors"),
                    "/outputs/" + i + "/format",
                    output.format(),
                    "compressed-tensors");
            String prefix = output.prefix();
            expect(
                    prefix == null || PREFIX.matcher(prefix).matches(),
                    "/outputs/" + i + "/prefix",
                    String.valueOf(prefix),
                    "letters, digits, dot, dash and underscore, at most 128");
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
        return !text.isBlank() && text.length() <= MAX_TEXT;
    }

    private void expect(boolean holds, String pointer, String value, String expected) {
        if (!holds) {
            String name = pointer.substring(1).replace('/', '.');
            violations.add(new Violation(pointer, name + ": " + value + " (expected: " + expected + ")"));
        }
    }
}
