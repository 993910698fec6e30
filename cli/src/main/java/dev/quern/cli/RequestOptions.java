package dev.quern.cli;

import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.JobRequest.Calibration;
import dev.quern.recipes.JobRequest.Evaluation;
import dev.quern.recipes.JobRequest.Limits;
import dev.quern.recipes.JobRequest.Output;
import dev.quern.recipes.JobRequest.RecipeChoice;
import dev.quern.recipes.JobRequest.Source;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What to compress, how, and on what text: the part of the command line that becomes a request. */
final class RequestOptions {
    @Parameters(
            paramLabel = "MODEL",
            description = "Folder of a Hugging Face checkpoint (config.json, safetensors, tokenizer),"
                    + " or s3://bucket/prefix, which the server reads itself.")
    @SuppressWarnings("NullAway.Init")
    private String model;

    @Option(
            names = "--recipe",
            paramLabel = "NAME|FILE",
            description = "How to compress: see quern recipes (default: gptq-w4a16)."
                    + " Repeated, one calibration makes a result for each.")
    private List<String> recipes = List.of();

    @Option(
            names = "--calibration",
            paramLabel = "FILE",
            description = "A .jsonl or .txt file, also s3://bucket/name (default: built-in English text).")
    private @Nullable String calibration;

    @Option(names = "--samples", paramLabel = "N", description = "Windows of calibration text (default: 128).")
    private @Nullable Integer samples;

    @Option(names = "--seq-len", paramLabel = "T", description = "Tokens of a window (default: at most 2048).")
    private @Nullable Integer seqLen;

    @Option(
            names = "--evaluate",
            paramLabel = "FILE",
            description = "A .jsonl or .txt file, also s3://bucket/name; may be repeated (default: built-in).")
    private List<String> evaluate = List.of();

    @Option(
            names = "--eval-windows",
            paramLabel = "N",
            description = "Windows of each evaluation file (default: all, at most 256).")
    private @Nullable Integer evalWindows;

    @Option(
            names = "--max-kl",
            paramLabel = "X",
            description = "Gate: highest mean KL divergence to the original, nats.")
    private @Nullable Double maxKl;

    @Option(names = "--max-ppl-ratio", paramLabel = "X", description = "Gate: highest perplexity over the original's.")
    private @Nullable Double maxPplRatio;

    @Option(names = "--class", paramLabel = "NAME", description = "Class of the workers that may take the job.")
    private @Nullable String workerClass;

    @Option(
            names = "--segments",
            paramLabel = "N",
            description = "Runs of blocks that are compressed side by side (default: as many as pay).")
    private @Nullable Integer segments;

    @Option(
            names = "--max-pending",
            paramLabel = "SECONDS",
            description = "Fail when no worker has taken the job within this time.")
    private @Nullable Integer maxPending;

    @Option(names = "--max-runtime", paramLabel = "SECONDS", description = "Fail when the job runs for longer.")
    private @Nullable Integer maxRuntime;

    @Option(names = "--name", paramLabel = "S", description = "What lists call the job.")
    private @Nullable String name;

    /**
     * @param output where the result goes; null leaves it in the store
     * @param local how the server comes to a file or folder of this machine
     * @throws QuernException INVALID_RECIPE for a recipe file that cannot be read, INVALID_CHECKPOINT and INVALID_DATASET for paths
     *     that do not exist
     */
    JobRequest toRequest(@Nullable Place output, boolean detach, Function<Path, Source> local) {
        List<RecipeChoice> choices = RecipeFiles.orDefault(recipes).stream()
                .map(RequestOptions::choice)
                .toList();
        return new JobRequest(
                JobRequest.API_VERSION,
                source(local),
                choices.getFirst(),
                calibration == null && samples == null && seqLen == null
                        ? null
                        : Calibration.of(calibration == null ? null : text(calibration, local), samples, seqLen),
                evaluations(local),
                outputs(output, choices),
                maxKl == null && maxPplRatio == null ? null : new Gate(maxKl, maxPplRatio, null),
                Map.of(),
                name,
                detach,
                workerClass == null && segments == null ? null : new JobRequest.Placement(workerClass, segments),
                maxPending == null && maxRuntime == null ? null : new Limits(maxPending, maxRuntime));
    }

    private Source source(Function<Path, Source> local) {
        Place place = new Place(model);
        require(
                !place.isLocal() || Files.isDirectory(place.local()),
                ErrorCode.INVALID_CHECKPOINT,
                model + ": no such folder (expected: a checkpoint)");
        return source(place, local);
    }

    private static Source text(String file, Function<Path, Source> local) {
        Place place = new Place(file);
        if (place.isLocal()) {
            require(
                    Files.isRegularFile(place.local()),
                    ErrorCode.INVALID_DATASET,
                    file + ": no such file (expected: a .jsonl or .txt file)");
            require(
                    JobRequest.isText(file),
                    ErrorCode.INVALID_DATASET,
                    file + ": unknown kind (expected: a name that ends in .jsonl or .txt)");
        }
        return source(place, local);
    }

    private static Source source(Place place, Function<Path, Source> local) {
        if (place.isObjects()) {
            return Source.objects(place.objects());
        }
        return place.isOfServer() ? Source.onServer(place.ofServer().toString()) : local.apply(place.local());
    }

    private List<Evaluation> evaluations(Function<Path, Source> local) {
        if (evaluate.isEmpty()) {
            return evalWindows == null && seqLen == null
                    ? List.of()
                    : List.of(Evaluation.of(null, evalWindows, seqLen));
        }
        return evaluate.stream()
                .map(file -> Evaluation.of(text(file, local), evalWindows, seqLen))
                .toList();
    }

    /** As the recipes call themselves, one for each output. */
    List<String> recipeNames() {
        return RecipeFiles.recipes(recipes).stream().map(Recipe::name).toList();
    }

    /** The first one takes the request's recipe; of several each lies under its name. */
    private List<Output> outputs(@Nullable Place place, List<RecipeChoice> choices) {
        String uri = place != null && place.isObjects() ? place.objects() : null;
        if (choices.size() == 1) {
            return List.of(new Output("compressed-tensors", null, uri));
        }
        List<String> names = recipeNames();
        return IntStream.range(0, choices.size())
                .mapToObj(i -> new Output(
                        "compressed-tensors",
                        null,
                        uri == null ? null : uri + "/" + names.get(i),
                        i == 0 ? null : choices.get(i)))
                .toList();
    }

    private static RecipeChoice choice(String recipe) {
        // Read here already: a typing mistake needs no stack.
        Recipe read = RecipeFiles.recipe(recipe);
        return RecipeFiles.isFile(recipe) ? new RecipeChoice(null, read) : new RecipeChoice(read.name(), null);
    }

    private static void require(boolean holds, ErrorCode code, String message) {
        if (!holds) {
            throw new QuernException(code, message);
        }
    }
}
