package dev.quern.cli;

import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.Table;
import dev.quern.cli.console.Units;
import dev.quern.cli.options.PlacementOptions;
import dev.quern.cli.options.RecipeWords;
import dev.quern.cli.options.RequestOptions;
import dev.quern.cli.report.AccountText;
import dev.quern.cli.stack.BackendCommand;
import dev.quern.embedded.StackOptions;
import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.plan.Plan;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.run.Account;
import dev.quern.engine.run.Source;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Loading;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.view.Estimate;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "inspect",
        description =
                "Say what a checkpoint is and what compressing it would take. Reads headers only: weights are not checked.",
        footer =
                "%nTakes the options of quern compress that describe the job; those that change no estimate are ignored.")
final class Inspect implements Callable<Integer> {
    /** After which a worker hands over, unless the installation says otherwise. */
    private static final double SLICE_SECONDS = 120;

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Mixin
    private RequestOptions request = new RequestOptions();

    @Option(names = "--all", description = "Also say what becomes of every tensor, key of config.json and file.")
    private boolean all;

    @Override
    public Integer call() {
        try (Source source = Source.open(request.folder())) {
            Architecture architecture = source.architecture();
            List<Recipe> chosen = source.resolve(request.recipes().recipes());
            Workload workload = Workload.beforehand(
                    chosen,
                    request.formats(),
                    architecture,
                    request.calibration(Inspect::local),
                    request.evaluations(Inspect::local));
            PlacementOptions place = request.placement();
            StackOptions stack = StackOptions.standard()
                    .withWorkers(place.workers().workers())
                    .withThreads(Objects.requireNonNullElse(place.workers().threads(), 0));
            DeviceSpeed speed = BackendCommand.measure(stack.threadsEach()).orElse(null);
            Budget budget = new Budget(stack.memoryEach(), stack.threadsEach(), speed);
            Fanout fanout = new Fanout(place.workers().workers(), place.segments(), SLICE_SECONDS);
            Plan plan = source.plan(workload, budget, fanout);
            Estimate estimate = source.estimate(workload, budget, fanout);
            Facts facts = Facts.of(source.checkpoint(), architecture);
            Account account = Account.of(source);
            if (quern.console().json()) {
                JsonObject found = json(facts, plan, estimate, chosen);
                quern.console().print(all ? found.with("account", RecordCodec.write(account)) : found);
            } else {
                print(quern.console(), facts, plan, estimate);
                chosen.forEach(recipe -> printRecipe(quern.console(), recipe, request.format(), architecture));
                AccountText.print(quern.console(), account, all);
            }
        }
        return Exit.COMPLETED.code();
    }

    private static JobRequest.Source local(Path file) {
        return JobRequest.Source.onServer(file.toString());
    }

    /** What would be done, and which loaders take the result. */
    private static void printRecipe(Console console, Recipe recipe, String format, Architecture architecture) {
        console.print("");
        console.print(RecipeWords.of(recipe));
        Loading.of(format, GridMap.of(recipe, architecture).packing())
                .forEach(loading -> console.print("  " + loading.sentence()));
    }

    /** @param parameters of all tensors; a tied head counts once */
    record Facts(
            String family,
            int blocks,
            int hidden,
            int vocabulary,
            int maxPositions,
            boolean tied,
            List<String> types,
            int tensors,
            long parameters,
            long bytes) {
        static Facts of(Checkpoint checkpoint, Architecture architecture) {
            long parameters = checkpoint.tensorNames().stream()
                    .mapToLong(name -> checkpoint.entry(name).elements())
                    .sum();
            List<String> types = checkpoint.tensorNames().stream()
                    .map(name -> checkpoint.entry(name).type().name())
                    .distinct()
                    .sorted()
                    .toList();
            return new Facts(
                    architecture.modelType(),
                    architecture.blocks().size(),
                    architecture.hidden(),
                    architecture.vocabulary(),
                    architecture.maxPositions(),
                    architecture.tied(),
                    types,
                    checkpoint.tensorNames().size(),
                    parameters,
                    checkpoint.tensorBytes());
        }
    }

    private static JsonObject json(Facts facts, Plan plan, Estimate estimate, List<Recipe> recipes) {
        return JsonObject.EMPTY
                .with("model", RecordCodec.write(facts))
                .with("recipe", RecordCodec.write(recipes.getFirst()))
                .with(
                        "recipes",
                        new JsonArray(recipes.stream().map(RecordCodec::write).toList()))
                .with("estimate", RecordCodec.write(estimate))
                .with("plan", RecordCodec.write(plan));
    }

    private static void print(Console console, Facts facts, Plan plan, Estimate estimate) {
        console.print(console.bold(facts.family()) + ": " + facts.blocks() + " blocks, hidden " + facts.hidden()
                + ", vocabulary " + facts.vocabulary() + ", positions " + facts.maxPositions()
                + (facts.tied() ? ", tied embeddings" : ""));
        console.print(String.format(
                Locale.ROOT,
                "%d tensors, %.2f M parameters, %s in %s",
                facts.tensors(),
                facts.parameters() / 1e6,
                Units.bytes(facts.bytes()),
                String.join(" and ", facts.types())));
        console.print("");
        console.print("with " + each(estimate, Estimate.Output::recipe) + " on this machine, "
                + count(estimate.work().workers(), "worker") + " of "
                + count(estimate.work().threads(), "thread") + ":");
        linears(console, plan);
        console.print(String.format(
                Locale.ROOT,
                "weights   %.2f M of %.2f M compressed, %s bits each",
                estimate.sizes().weightsCompressed() / 1e6,
                facts.parameters() / 1e6,
                each(estimate, output -> String.format(Locale.ROOT, "%.2f", output.bitsPerWeight()))));
        console.print("size      " + Units.bytes(facts.bytes()) + " -> "
                + each(estimate, output -> Units.bytes(output.outputBytes())));
        console.print("memory    " + Units.bytes(estimate.sizes().peakBytes()) + " at most in a worker");
        console.print("scratch   " + Units.bytes(estimate.sizes().scratchBytes()));
        console.print("segments  " + estimate.work().segments()
                + (estimate.work().traceRuns() == 0
                        ? ""
                        : ", after a trace in " + count(estimate.work().traceRuns(), "run") + " of text")
                + (estimate.work().gradientRuns() == 0
                        ? ""
                        : ", and gradients in " + count(estimate.work().gradientRuns(), "run") + " of text")
                + shared(plan));
        console.print(
                estimate.measured()
                        ? "time      about " + Units.duration(estimate.seconds()) + stages(estimate)
                        : "time      not known: the backend does not run here (quern doctor says why)");
    }

    private static String shared(Plan plan) {
        return plan.sharing() == null
                ? ""
                : "; workers share each block: its statistics in "
                        + count(plan.sharing().runs(), "run") + " of text, then "
                        + count(plan.sharing().units(), "group") + " of linears";
    }

    private static String each(Estimate estimate, Function<Estimate.Output, String> what) {
        return estimate.outputs().stream().map(what).collect(Collectors.joining(" + "));
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    /** What takes a second or more, in the order in which it happens. */
    private static String stages(Estimate estimate) {
        String stages = Arrays.stream(Stage.values())
                .filter(stage -> seconds(estimate, stage) >= 1)
                .map(stage -> stage.word() + " " + Units.duration(seconds(estimate, stage)))
                .collect(Collectors.joining(", "));
        return stages.isEmpty() ? "" : ": " + stages;
    }

    private static double seconds(Estimate estimate, Stage stage) {
        return estimate.secondsPerStage().getOrDefault(stage.word(), 0.0);
    }

    private static void linears(Console console, Plan plan) {
        Table table = Table.ofNumbers("linear", "rows", "columns", "bits", "group", "times");
        for (Plan.Linear linear : plan.linears()) {
            String rows = Integer.toString(linear.rows());
            String cols = Integer.toString(linear.cols());
            if (linear.uses().isEmpty()) {
                table.row(linear.name(), rows, cols, "", "", "0");
            }
            for (Plan.Use use : linear.uses()) {
                table.row(
                        linear.name(),
                        rows,
                        cols,
                        Integer.toString(use.grid().bits()),
                        RecipeWords.group(use.grid().groupSize()),
                        Integer.toString(use.times()));
            }
        }
        table.print(console);
    }
}
