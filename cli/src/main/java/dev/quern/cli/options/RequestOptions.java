package dev.quern.cli.options;

import dev.quern.cli.command.Heading;
import dev.quern.cli.results.FormatNames;
import dev.quern.cli.results.Place;
import dev.quern.recipes.Formats;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.JobRequest.Calibration;
import dev.quern.recipes.JobRequest.Evaluation;
import dev.quern.recipes.JobRequest.Output;
import dev.quern.recipes.JobRequest.Source;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.error.QuernException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What to compress, how, and on what text: the part of the command line that becomes a request. */
@Heading(value = "Result", order = 2)
public final class RequestOptions {
    @Parameters(
            paramLabel = "MODEL",
            description = "Folder of a Hugging Face checkpoint (config.json, safetensors, tokenizer),"
                    + " or s3://bucket/prefix, which the server reads itself.")
    @SuppressWarnings("NullAway.Init")
    private String model;

    @Mixin
    private RecipeOptions recipes = new RecipeOptions();

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            completionCandidates = FormatNames.class,
            description = "The format of the result: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private String format = Formats.COMPRESSED_TENSORS;

    @Mixin
    private TextOptions texts = new TextOptions();

    @Mixin
    private EvaluationOptions evaluation = new EvaluationOptions();

    @Mixin
    private PlacementOptions placement = new PlacementOptions();

    @Mixin
    private LimitOptions limits = new LimitOptions();

    @Mixin
    private NameOptions names = new NameOptions();

    /**
     * @param output where the result goes; null leaves it in the store
     * @param local how the server comes to a file or folder of this machine
     * @throws QuernException INVALID_RECIPE for a recipe file that cannot be read, INVALID_CHECKPOINT and
     *     INVALID_DATASET for paths that do not exist
     */
    public JobRequest toRequest(@Nullable Place output, boolean detach, Function<Path, Source> local) {
        return toRequest(recipes.recipes(), output, detach, local);
    }

    /** The same by other recipes, one for each output. */
    public JobRequest toRequest(
            List<Recipe> all, @Nullable Place output, boolean detach, Function<Path, Source> local) {
        return new JobRequest(
                JobRequest.API_VERSION,
                source(local),
                null,
                RecipeOptions.choice(all.getFirst()),
                calibration(local),
                evaluations(local),
                outputs(output, all),
                evaluation.toGate(),
                new JobRequest.Naming(names.labels(), names.name()),
                detach,
                placement.toPlacement(),
                limits.toLimits());
    }

    private Source source(Function<Path, Source> local) {
        return place().checkpoint(local);
    }

    public Place place() {
        return new Place(model);
    }

    /**
     * The model on this machine.
     *
     * @throws QuernException INVALID_CHECKPOINT for what is no folder, with a hint where it looks like a name on the
     *     hub
     */
    public Path folder() {
        return place().folder();
    }

    @Nullable
    public Calibration calibration(Function<Path, Source> local) {
        return texts.toCalibration(local);
    }

    public List<Evaluation> evaluations(Function<Path, Source> local) {
        return evaluation.toEvaluations(texts.seqLen(), local);
    }

    public PlacementOptions placement() {
        return placement;
    }

    public RecipeOptions recipes() {
        return recipes;
    }

    /**
     * The format that every output has.
     *
     * @throws QuernException INVALID_REQUEST for an unknown one
     */
    public String format() {
        return FormatNames.require(format);
    }

    /** One for each output. */
    public List<String> formats() {
        return Collections.nCopies(recipes.recipes().size(), format());
    }

    /** As the recipes call themselves, one for each output. */
    public List<String> recipeNames() {
        return recipes.recipes().stream().map(Recipe::name).toList();
    }

    /** The first one takes the request's recipe; of several each lies under its name. */
    private List<Output> outputs(@Nullable Place place, List<Recipe> recipes) {
        String uri = place != null && place.isObjects() ? place.objects() : null;
        if (recipes.size() == 1) {
            return List.of(new Output(format(), null, uri));
        }
        return IntStream.range(0, recipes.size())
                .mapToObj(i -> new Output(
                        format(),
                        null,
                        uri == null ? null : uri + "/" + recipes.get(i).name(),
                        i == 0 ? null : RecipeOptions.choice(recipes.get(i))))
                .toList();
    }
}
