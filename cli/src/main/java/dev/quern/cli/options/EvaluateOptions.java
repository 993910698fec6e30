package dev.quern.cli.options;

import dev.quern.cli.client.WorkerOptions;
import dev.quern.cli.command.Heading;
import dev.quern.cli.completion.Ids;
import dev.quern.cli.report.ReportFile;
import dev.quern.cli.results.Place;
import dev.quern.cli.results.Results;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.JobRequest.Output;
import dev.quern.recipes.JobRequest.Result;
import dev.quern.recipes.JobRequest.Source;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.view.JobView;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What to evaluate, against what, and on what text: the part of the command line that becomes a request. */
@Heading(value = "Result", order = 2)
public final class EvaluateOptions {
    @Parameters(
            paramLabel = "RESULT",
            completionCandidates = Ids.MarkOrFiles.class,
            description =
                    "A compressed model, also one of another tool: its folder; s3://bucket/prefix, which the server reads"
                            + " itself; or the job that made it, by its id or at least four digits that begin it.")
    @SuppressWarnings("NullAway.Init")
    private String result;

    @Option(
            names = "--against",
            paramLabel = "MODEL",
            description =
                    "The original: a folder, or s3://bucket/prefix (default: the model that the job compressed, or the"
                            + " folder beside RESULT, or here, that has the name in its report).")
    private @Nullable String against;

    @Option(names = "--recipe", paramLabel = "NAME", description = "Which result of a job that has several.")
    private @Nullable String recipe;

    @Mixin
    private NameOptions names = new NameOptions();

    @Mixin
    private EvaluationOptions evaluation = new EvaluationOptions();

    @Mixin
    private WindowOption window = new WindowOption();

    @Mixin
    private WorkerOptions workers = new WorkerOptions();

    @Mixin
    private LimitOptions limits = new LimitOptions();

    public WorkerOptions workers() {
        return workers;
    }

    /** Whether RESULT is the beginning of a job's id. */
    public boolean isOfJob() {
        return place().isLocal() && !ReportFile.isFolder(result);
    }

    /** The folder of the result on this machine; null for one that is elsewhere. */
    @Nullable
    public Path folder() {
        return place().isLocal() ? place().local() : null;
    }

    /** The result as it was typed. */
    public String typed() {
        return result;
    }

    /**
     * The evaluation of a folder, or of objects.
     *
     * @param output where the report goes; null leaves it in the store
     * @param local how the server comes to a file or folder of this machine
     * @throws QuernException INVALID_CHECKPOINT and INVALID_DATASET for paths that do not exist, INVALID_REQUEST where
     *     no original is known
     */
    public JobRequest toRequest(@Nullable Place output, boolean detach, Function<Path, Source> local) {
        if (recipe != null) {
            throw invalid("--recipe: " + recipe + " (expected: none, " + result + " is one result)");
        }
        Result place = Result.of(place().checkpoint(local));
        Source original = against == null ? local.apply(beside()) : new Place(against).checkpoint(local);
        return toRequest(original, place.named(place().name()), output, detach, local);
    }

    /** As {@link #toRequest(Place, boolean, Function)}, of a result of a job. */
    public JobRequest toRequest(JobView job, @Nullable Place output, boolean detach, Function<Path, Source> local) {
        JobRequest made = job.detail().request();
        if (job.work().result() != null || made == null) {
            throw invalid(result + ": an evaluation (expected: a job that compressed a model)");
        }
        List<String> recipes = Results.recipes(job);
        int position = recipe == null && recipes.size() == 1 ? 0 : recipes.indexOf(recipe);
        if (position < 0) {
            throw invalid("--recipe: " + Objects.requireNonNullElse(recipe, "missing") + " (expected one of: "
                    + String.join(", ", recipes) + ")");
        }
        String name = new Place(job.work().model()).name() + "-" + recipes.get(position);
        Source original = against == null ? made.source() : new Place(against).checkpoint(local);
        return toRequest(original, Result.ofJob(job.id(), position).named(name), output, detach, local);
    }

    private JobRequest toRequest(
            Source original, Result of, @Nullable Place output, boolean detach, Function<Path, Source> local) {
        String uri = output != null && output.isObjects() ? output.objects() : null;
        String workerClass = workers.workerClass();
        return new JobRequest(
                JobRequest.API_VERSION,
                original,
                of,
                null,
                null,
                evaluation.toEvaluations(window.seqLen(), local),
                List.of(new Output(Output.EVALUATION, null, uri)),
                evaluation.toGate(),
                new JobRequest.Naming(names.labels(), names.name()),
                detach,
                workerClass == null ? null : new JobRequest.Placement(workerClass, null),
                limits.toLimits());
    }

    private Place place() {
        return new Place(result);
    }

    /** Finds the original by the name that the report of the result gives it. */
    private Path beside() {
        if (!place().isLocal() || !ReportFile.isIn(place().local())) {
            throw invalid(
                    result + ": does not say what it was made from (expected: the original, with --against MODEL)");
        }
        String name = ReportFile.read(place().local()).model().source();
        Path folder = Objects.requireNonNullElse(place().local().getParent(), place().local());
        return Stream.of(folder, Path.of(""))
                .filter(parent -> !name.isBlank() && Path.of(name).getNameCount() == 1)
                .map(parent -> parent.resolve(name).toAbsolutePath().normalize())
                // A result may have the name of its model.
                .filter(found -> Files.isRegularFile(found.resolve("config.json")) && !ReportFile.isIn(found))
                .findFirst()
                .orElseThrow(() -> invalid(result + ": was made from " + name + ", which is neither in " + folder
                        + " nor here (expected: the original, with --against MODEL)"));
    }

    private static QuernException invalid(String message) {
        return new QuernException(ErrorCode.INVALID_REQUEST, message);
    }
}
