package dev.quern.bench;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.run.CompressionRequest;
import dev.quern.engine.run.CompressionRequest.Text;
import dev.quern.engine.run.CompressionRun;
import dev.quern.engine.run.Workplace;
import dev.quern.openblas.OpenBlasBackend;
import dev.quern.recipes.Gate;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Compresses a checkpoint with several recipes, one after the other, and prints what each of them costs in quality: a
 * choice between recipes is made from such a table.
 *
 * <p>Arguments: a checkpoint, the folder with {@code calib.jsonl}, {@code wt2_test.txt} and {@code holdout.jsonl},
 * threads, windows of calibration, windows of each evaluation, then names or files of recipes. Windows have 512 tokens.
 */
public final class RecipeTable {
    private static final int SEQ_LEN = 512;

    private RecipeTable() {}

    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        Path data = Path.of(args[1]);
        int threads = Integer.parseInt(args[2]);
        int windows = Integer.parseInt(args[4]);
        Text calibration = new Text(data.resolve("calib.jsonl"), Integer.parseInt(args[3]), SEQ_LEN);
        List<Text> evaluations = Stream.of("wt2_test.txt", "holdout.jsonl")
                .map(file -> new Text(data.resolve(file), windows, SEQ_LEN))
                .toList();
        out.println(
                "| recipe | KL wt2_test | KL holdout | perplexity wt2_test | holdout | seconds of GRADIENT | COMPRESS |");
        out.println("| --- | --- | --- | --- | --- | --- | --- |");
        Path work = Files.createTempDirectory("quern-table");
        try (ComputeBackend backend = new OpenBlasBackend(threads)) {
            for (String name : Arrays.asList(args).subList(5, args.length)) {
                CompressionRequest request =
                        new CompressionRequest(Path.of(args[0]), recipe(name), calibration, evaluations, Gate.NONE);
                out.println(row(name, run(backend, request, threads, work)));
            }
        } finally {
            delete(work);
        }
    }

    private static Recipe recipe(String name) throws IOException {
        return Recipes.names().contains(name) ? Recipes.find(name) : Recipes.read(Files.readString(Path.of(name)));
    }

    /** In one folder: recipes that read the same gradients share them. */
    private static Report run(ComputeBackend backend, CompressionRequest request, int threads, Path work)
            throws IOException {
        Path output = Files.createTempDirectory(work, "output");
        Workplace place = new Workplace(work, output, new Budget(Budget.machineBytes(), threads, null));
        return new CompressionRun(backend, request, place).run();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static String row(String name, Report report) {
        List<String> cells = new ArrayList<>(List.of(Path.of(name).getFileName().toString()));
        report.evaluations().forEach(text -> cells.add("%.5f".formatted(text.klMean())));
        report.evaluations()
                .forEach(text -> cells.add("%.3f → %.3f".formatted(text.pplOriginal(), text.pplCompressed())));
        for (String stage : List.of("gradient", "compress")) {
            cells.add("%.0f".formatted(report.times().secondsPerStage().getOrDefault(stage, 0.0)));
        }
        return "| " + String.join(" | ", cells) + " |";
    }
}
