package dev.quern.recipes;

import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Flat;
import dev.quern.recipes.codec.Named;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The body of POST /api/v1/jobs. Local paths are those that the installation allows.
 *
 * @param apiVersion {@code quern/v1}
 * @param source a checkpoint, named in exactly one way
 * @param result a finished result of that checkpoint, to be evaluated; null compresses the checkpoint
 * @param recipe by name or inline, exactly one; of the outputs that name none. Null with a result, which has been
 *     compressed already
 * @param calibration null takes the built-in public-domain English text and the default sizes; null with a result
 * @param evaluation at most 8; empty takes the built-in text
 * @param outputs 1 to 4, of one calibration; missing is one in compressed-tensors in the store, or with a result one
 *     evaluation; several have each another recipe, which must need calibration and be independent
 * @param detach the job keeps an embedded stack alive after the command that submitted it has gone
 * @param placement null leaves worker and segments to the planner
 * @param limits null waits and runs as long as it takes
 */
public record JobRequest(
        String apiVersion,
        Source source,
        @Nullable Result result,
        @Nullable RecipeChoice recipe,
        @Nullable Calibration calibration,
        List<Evaluation> evaluation,
        @Default("[{\"format\":\"compressed-tensors\"}]") List<Output> outputs,
        @Nullable Gate gate,
        @Flat Naming naming,
        @Default("false") boolean detach,
        @Nullable Placement placement,
        @Nullable Limits limits) {
    public static final String API_VERSION = "quern/v1";
    /** A label: a submission with a value of it that an unfinished job of the tenant has, is that job. */
    public static final String SAME = "quern.request";

    public JobRequest {
        if (result != null && outputs.equals(List.of(new Output(Formats.COMPRESSED_TENSORS, null, null)))) {
            outputs = List.of(new Output(Output.EVALUATION, null, null));
        }
    }

    public Map<String, String> labels() {
        return naming.labels();
    }

    public @Nullable String name() {
        return naming.name();
    }

    /** The format of each output; none where the request leaves outputs to the server. */
    public List<String> formats() {
        return outputs.stream().map(Output::format).toList();
    }

    /** The same request on another checkpoint, result and texts. */
    public JobRequest reading(
            Source source, @Nullable Result result, @Nullable Calibration calibration, List<Evaluation> evaluation) {
        return new JobRequest(
                apiVersion,
                source,
                result,
                recipe,
                calibration,
                evaluation,
                outputs,
                gate,
                naming,
                detach,
                placement,
                limits);
    }

    /** What its owner calls the job: labels to find it by, and a name for people. */
    public record Naming(
            Map<String, String> labels, @Nullable String name) {}

    /**
     * Where a checkpoint or a text is; exactly one is given.
     *
     * @param path a folder on the server, or a file
     * @param uri {@code s3://bucket/prefix} under a configured location; of a text with its name
     * @param upload the id of a completed upload
     * @param name what lists and reports call an upload, for example its folder's name
     */
    public record Source(
            @Nullable String path,
            @Nullable String uri,
            @Nullable String upload,
            @Nullable String name) {
        public static Source onServer(String path) {
            return new Source(path, null, null, null);
        }

        public static Source objects(String uri) {
            return new Source(null, uri, null, null);
        }

        public static Source uploaded(String id) {
            return new Source(null, null, id, null);
        }

        /** The same under another name. */
        public Source named(@Nullable String name) {
            return new Source(path, uri, upload, name);
        }

        /** As lists name it: the path, the uri, {@code upload:<id>}, or {@code upload:<id>/<name>}. */
        public String location() {
            if (path != null) {
                return path;
            }
            return uri == null ? "upload:" + upload + (name == null ? "" : "/" + name) : uri;
        }
    }

    /**
     * Where a finished result is; exactly one of path, uri, upload and job is given.
     *
     * @param path a folder on the server
     * @param uri {@code s3://bucket/prefix} under a configured location
     * @param upload the id of a completed upload
     * @param job the id of a job that has results, which may be in quarantine
     * @param output position among the results of that job, from 0
     * @param name what lists and reports call it; null takes the last part of its place
     */
    public record Result(
            @Nullable String path,
            @Nullable String uri,
            @Nullable String upload,
            @Nullable String job,
            @Default("0") int output,
            @Nullable String name) {
        public static Result of(Source place) {
            return new Result(place.path, place.uri, place.upload, null, 0, place.name);
        }

        public static Result ofJob(String id, int output) {
            return new Result(null, null, null, id, output, null);
        }

        /** The place of the result; null for the result of a job. */
        public @Nullable Source place() {
            return job == null ? new Source(path, uri, upload, name) : null;
        }

        /** The same under another name. */
        public Result named(@Nullable String name) {
            return new Result(path, uri, upload, job, output, name);
        }

        /** As lists name it: as {@link Source#location()}, or {@code job:<id>/<name>}. */
        public String location() {
            Source place = place();
            return place == null
                    ? "job:" + job + "/" + (name == null ? String.valueOf(output) : name)
                    : place.location();
        }
    }

    public record RecipeChoice(
            @Nullable String ref, @Nullable Recipe inline) {}

    /**
     * A .jsonl or .txt file, named as in {@link Source}, or not at all for the built-in text.
     *
     * @param samples windows; null is 128, or 512 where a recipe needs gradients
     * @param seqLen tokens of a window; null is min(2048, max_position_embeddings)
     */
    public record Calibration(
            @Nullable String path,
            @Nullable String uri,
            @Nullable String upload,
            @Nullable Integer samples,
            @Nullable Integer seqLen) {
        public static Calibration of(@Nullable Source text, @Nullable Integer samples, @Nullable Integer seqLen) {
            return text == null
                    ? new Calibration(null, null, null, samples, seqLen)
                    : new Calibration(text.path, text.uri, text.upload, samples, seqLen);
        }

        /** Null is the built-in text. */
        public @Nullable Source text() {
            return JobRequest.text(path, uri, upload);
        }
    }

    /**
     * A .jsonl or .txt file, named as in {@link Source}, or not at all for the built-in text.
     *
     * @param windows null is all, at most 256
     */
    public record Evaluation(
            @Nullable String path,
            @Nullable String uri,
            @Nullable String upload,
            @Nullable Integer windows,
            @Nullable Integer seqLen) {
        public static Evaluation of(@Nullable Source text, @Nullable Integer windows, @Nullable Integer seqLen) {
            return text == null
                    ? new Evaluation(null, null, null, windows, seqLen)
                    : new Evaluation(text.path, text.uri, text.upload, windows, seqLen);
        }

        /** Null is the built-in text. */
        public @Nullable Source text() {
            return JobRequest.text(path, uri, upload);
        }
    }

    /** Whether a file is a text, by its name. */
    public static boolean isText(String name) {
        return name.endsWith(".jsonl") || name.endsWith(".txt");
    }

    private static @Nullable Source text(@Nullable String path, @Nullable String uri, @Nullable String upload) {
        return path == null && uri == null && upload == null ? null : new Source(path, uri, upload, null);
    }

    /**
     * @param format one of {@link Formats}, or {@code evaluation} with a result: a report alone
     * @param prefix the output's name under the tenant's outputs in the store, claimed when the job is accepted; null
     *     is the job's id, and for an output after the first the job's id with the recipe's name
     * @param uri {@code s3://bucket/prefix} under a configured location, to publish to instead of the store's outputs
     * @param recipe null is the request's
     */
    public record Output(
            String format,
            @Nullable String prefix,
            @Nullable String uri,
            @Nullable RecipeChoice recipe) {
        public static final String EVALUATION = "evaluation";

        /** By the request's recipe. */
        public Output(String format, @Nullable String prefix, @Nullable String uri) {
            this(format, prefix, uri, null);
        }
    }

    /**
     * Where the work is done; changes no byte of the result.
     *
     * @param workerClass of the workers that may take it, for example {@code cpu}; {@code class} in JSON; null is any
     * @param segments runs of blocks that are compressed side by side; null lets the planner choose
     */
    public record Placement(
            @Named("class") @Nullable String workerClass,
            @Nullable Integer segments) {}

    /**
     * When a job gives up; the job then fails and can be retried.
     *
     * @param maxPendingSeconds from accepted, resumed or retried until a worker has taken it
     * @param maxRuntimeSeconds running in all; time in which it was paused does not count
     */
    public record Limits(
            @Nullable Integer maxPendingSeconds, @Nullable Integer maxRuntimeSeconds) {}
}
