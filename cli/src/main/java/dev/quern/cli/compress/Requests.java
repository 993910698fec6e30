package dev.quern.cli.compress;

import dev.quern.recipes.JobRequest;
import dev.quern.recipes.JobRequest.Calibration;
import dev.quern.recipes.JobRequest.Evaluation;
import dev.quern.recipes.JobRequest.Source;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.json.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds requests again: the same request, typed twice, is one job while it is not finished. */
final class Requests {
    /** The label that holds the SHA-256 of what the request asks for. */
    static final String LABEL = JobRequest.SAME;

    private Requests() {}

    /**
     * The request with its label. What it and an upload are called, its labels and whether it is detached do not count.
     */
    static JobRequest labelled(JobRequest request) {
        JobRequest nameless = request.reading(
                request.source().named(null), nameless(request.result()), request.calibration(), request.evaluation());
        String content = Json.canonical(RecordCodec.write(with(nameless, null, false, Map.of())));
        Map<String, String> labels = new HashMap<>(request.labels());
        labels.put(LABEL, Digests.sha256(content));
        return with(request, request.name(), request.detach(), labels);
    }

    /** The same wish, each upload named by its id instead of its digest; the label stays. */
    static JobRequest withUploads(JobRequest request, Map<String, String> ids) {
        Calibration calibration = request.calibration();
        JobRequest.Result result = request.result();
        Source place = result == null ? null : result.place();
        return request.reading(
                sent(request.source(), ids),
                place == null ? result : JobRequest.Result.of(sent(place, ids)),
                calibration == null
                        ? null
                        : Calibration.of(
                                sentText(calibration.text(), ids), calibration.samples(), calibration.seqLen()),
                request.evaluation().stream()
                        .map(text -> Evaluation.of(sentText(text.text(), ids), text.windows(), text.seqLen()))
                        .toList());
    }

    private static JobRequest.@Nullable Result nameless(JobRequest.@Nullable Result result) {
        return result == null ? null : result.named(null);
    }

    private static @Nullable Source sentText(@Nullable Source text, Map<String, String> ids) {
        return text == null ? null : sent(text, ids);
    }

    private static Source sent(Source source, Map<String, String> ids) {
        String digest = source.upload();
        return digest == null
                ? source
                : Source.uploaded(Objects.requireNonNull(ids.get(digest), digest))
                        .named(source.name());
    }

    private static JobRequest with(
            JobRequest request, @Nullable String name, boolean detach, Map<String, String> labels) {
        return new JobRequest(
                request.apiVersion(),
                request.source(),
                request.result(),
                request.recipe(),
                request.calibration(),
                request.evaluation(),
                request.outputs(),
                request.gate(),
                new JobRequest.Naming(labels, name),
                detach,
                request.placement(),
                request.limits());
    }
}
