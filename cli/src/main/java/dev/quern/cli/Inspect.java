package dev.quern.cli;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Architectures;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.plan.Plan;
import dev.quern.engine.plan.Planner;
import dev.quern.engine.plan.Workload;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.RecordCodec;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "inspect",
        description =
                "Say what a checkpoint is and what compressing it would take. Reads headers only: weights are not checked.")
final class Inspect implements Callable<Integer> {
    private static final int DEFAULT_WINDOWS = 128;
    private static final int LONGEST_WINDOW = 2048;
    /** About what the built-in text has; only the estimate of time rests on it. */
    private static final long EVALUATION_TOKENS = 32_768;

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Quern quern;

    @Parameters(paramLabel = "MODEL", description = "Folder of a Hugging Face checkpoint.")
    @SuppressWarnings("NullAway.Init")
    private Path model;

    @Option(names = "--recipe", paramLabel = "NAME|FILE", description = "What would be done (default: gptq-w4a16).")
    private String recipe = Recipes.defaultName();

    @Option(names = "--samples", paramLabel = "N", description = "Windows of calibration text (default: 128).")
    private int samples = DEFAULT_WINDOWS;

    @Option(names = "--seq-len", paramLabel = "T", description = "Tokens of a window (default: at most 2048).")
    private @Nullable Integer seqLen;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that compute (default: all cores).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Override
    public Integer call() {
        Recipe chosen = RecipeFiles.recipe(recipe);
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            Architecture architecture = Architectures.of(checkpoint.config());
            architecture.check(checkpoint);
            int window = seqLen == null ? Math.min(LONGEST_WINDOW, architecture.maxPositions()) : seqLen;
            int stored = checkpoint.entry(architecture.embedding()).type().bits() / 8;
            Plan plan = Planner.plan(
                    architecture,
                    checkpoint.tensorBytes(),
                    stored,
                    new Workload(chosen, samples, window, EVALUATION_TOKENS),
                    Budget.ofMachine(threads),
                    Fanout.ALONE);
            Facts facts = Facts.of(checkpoint, architecture);
            if (quern.console().json()) {
                quern.console().print(json(facts, plan, chosen));
            } else {
                print(quern.console(), facts, plan, chosen);
            }
        }
        return Exit.COMPLETED.code();
    }

    /**
     * @param parameters of all tensors; a tied head counts once
     */
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
                    architecture.blocks(),
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

    private static JsonObject json(Facts facts, Plan plan, Recipe recipe) {
        return JsonObject.EMPTY
                .with("model", RecordCodec.write(facts))
                .with("recipe", RecordCodec.write(recipe))
                .with("plan", RecordCodec.write(plan));
    }

    private static void print(Console console, Facts facts, Plan plan, Recipe recipe) {
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
        console.print("with " + recipe.name() + " on this machine:");
        linears(console, plan);
        console.print(String.format(
                Locale.ROOT,
                "weights   %.2f M of %.2f M compressed, %.2f bits each",
                plan.weightsCompressed() / 1e6,
                facts.parameters() / 1e6,
                plan.bitsPerWeight()));
        console.print("size      " + Units.bytes(facts.bytes()) + " -> " + Units.bytes(plan.outputBytes()));
        console.print("memory    " + Units.bytes(plan.peakBytes()) + " at most");
        console.print("scratch   " + Units.bytes(plan.scratchBytes()));
        console.print("time      about " + Units.duration(plan.seconds()));
    }

    private static void linears(Console console, Plan plan) {
        Table table = Table.ofNumbers("linear", "rows", "columns", "times");
        plan.linears()
                .forEach(linear -> table.row(
                        linear.name(),
                        Integer.toString(linear.rows()),
                        Integer.toString(linear.cols()),
                        Integer.toString(plan.blocks())));
        table.print(console);
    }
}
