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
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Compresses the small model with every recipe of the acceptance table and compares the divergence from the original
 * with what a float64 oracle found, scales not rounded: within 4 %. Ends with 1 when a figure of a recipe of the
 * catalogue is further off.
 *
 * <p>Arguments: the shared folder with {@code models/small} and {@code data}, the number of threads, and optionally a
 * folder that keeps artifacts between runs.
 */
public final class QualityTable {
    private static final double TOLERANCE = 0.04;
    private static final double PPL_TOLERANCE = 0.001;

    /** A figure on each of the two evaluation texts. */
    private record Pair(double wt2, double holdout) {
        double of(int file) {
            return file == 0 ? wt2 : holdout;
        }
    }

    private static final Pair PPL_ORIGINAL = new Pair(38.292, 30.154);

    /** @param kl the mean that is expected */
    private record Row(Recipe recipe, Pair kl) {
        /** True for the rows of the catalogue's recipes; the others are for comparison. */
        boolean isAcceptance() {
            boolean catalogue = !recipe.needsCalibration() || recipe.grid().clipSearch() == ClipSearch.MSE;
            return catalogue && recipe.propagation() == Propagation.INDEPENDENT;
        }
    }

    private static final List<Row> ROWS = List.of(
            new Row(recipe(4, true, false, Propagation.INDEPENDENT, new Nearest()), new Pair(.01484, .01588)),
            gptq(4, true, false, Propagation.INDEPENDENT, .01114, .00958),
            gptq(4, true, true, Propagation.INDEPENDENT, .00988, .00847),
            gptq(4, true, false, Propagation.SEQUENTIAL, .01126, .00962),
            gptq(4, true, true, Propagation.SEQUENTIAL, .01003, .00857),
            gptq(4, false, false, Propagation.INDEPENDENT, .00954, .00791),
            gptq(4, false, true, Propagation.INDEPENDENT, .00842, .00736),
            gptq(4, false, false, Propagation.SEQUENTIAL, .00953, .00803),
            gptq(3, true, false, Propagation.INDEPENDENT, .05493, .04701),
            gptq(3, true, true, Propagation.INDEPENDENT, .04090, .03491),
            gptq(3, true, false, Propagation.SEQUENTIAL, .05316, .04582),
            gptq(3, true, true, Propagation.SEQUENTIAL, .04114, .03495),
            gptq(2, true, false, Propagation.INDEPENDENT, .42687, .34754),
            gptq(2, true, true, Propagation.INDEPENDENT, .24845, .20309),
            gptq(2, true, false, Propagation.SEQUENTIAL, .40209, .34202),
            gptq(2, true, true, Propagation.SEQUENTIAL, .25335, .20827));

    private final ComputeBackend backend;
    private final Path shared;
    private final Path work;
    private final Budget budget;
    private final PrintStream out;
    private final List<String> failures = new ArrayList<>();

    private QualityTable(ComputeBackend backend, Path shared, Path work, int threads, PrintStream out) {
        this.backend = backend;
        this.shared = shared;
        this.work = work;
        this.budget = new Budget(Budget.machineBytes(), threads, null);
        this.out = out;
    }

    public static void main(String[] arguments) throws IOException {
        Path shared = Path.of(arguments[0]);
        int threads = Integer.parseInt(arguments[1]);
        Path work = arguments.length > 2 ? Path.of(arguments[2]) : Files.createTempDirectory("quern-quality");
        try (ComputeBackend backend = new OpenBlasBackend(threads)) {
            QualityTable table = new QualityTable(backend, shared, work, threads, System.out);
            table.print();
            System.exit(table.failures.isEmpty() ? 0 : 1);
        }
    }

    private void print() throws IOException {
        out.println(backend.description() + ", profile " + backend.numericProfile());
        out.println("| recipe | KL wt2_test (expected, off by) | KL holdout (expected, off by) | ppl | seconds |");
        out.println("| --- | --- | --- | --- | --- |");
        for (Row row : ROWS) {
            print(row, run(row.recipe()));
        }
        out.println(failures.isEmpty() ? "all recipes of the catalogue within 4 %" : String.join("\n", failures));
    }

    private Report run(Recipe recipe) throws IOException {
        Path data = shared.resolve("data");
        CompressionRequest request = new CompressionRequest(
                shared.resolve("models/small"),
                recipe,
                new Text(data.resolve("calib.jsonl"), 128, 512),
                List.of(
                        new Text(data.resolve("wt2_test.txt"), 64, 512),
                        new Text(data.resolve("holdout.jsonl"), 64, 512)),
                Gate.NONE);
        Path output = work.resolve("output");
        deleteTree(output);
        return new CompressionRun(backend, request, new Workplace(work, output, budget)).run();
    }

    private void print(Row row, Report report) {
        StringBuilder line = new StringBuilder("| " + row.recipe().name());
        for (int file = 0; file < 2; file++) {
            Report.Evaluation figures = report.evaluations().get(file);
            double off = figures.klMean() / row.kl().of(file) - 1;
            line.append(" | %.5f (%.5f, %+.1f %%)"
                    .formatted(figures.klMean(), row.kl().of(file), 100 * off));
            check(row, "KL of " + figures.file(), off, TOLERANCE);
            check(row, "original perplexity", figures.pplOriginal() / PPL_ORIGINAL.of(file) - 1, PPL_TOLERANCE);
        }
        Report.Evaluation first = report.evaluations().getFirst();
        line.append(" | %.3f → %.3f".formatted(first.pplOriginal(), first.pplCompressed()));
        line.append(" | %.0f |".formatted(report.times().secondsPerStage().getOrDefault("compress", 0.0)));
        out.println(line);
    }

    private void check(Row row, String what, double off, double tolerance) {
        if (row.isAcceptance() && !(Math.abs(off) <= tolerance)) {
            failures.add("%s: %s off by %+.2f %% (expected: at most %.1f %%)"
                    .formatted(row.recipe().name(), what, 100 * off, 100 * tolerance));
        }
    }

    private static Row gptq(
            int bits, boolean symmetric, boolean clip, Propagation propagation, double wt2, double holdout) {
        Recipe recipe = recipe(bits, symmetric, clip, propagation, new Gptq(Order.STATIC, 0.01));
        return new Row(recipe, new Pair(wt2, holdout));
    }

    private static Recipe recipe(
            int bits, boolean symmetric, boolean clip, Propagation propagation, Recipe.Rounding rounding) {
        String name = "%s-w%d%s%s-%s"
                .formatted(
                        rounding.shortName(),
                        bits,
                        symmetric ? "" : "-asym",
                        clip ? "-clip" : "",
                        propagation == Propagation.SEQUENTIAL ? "sequential" : "independent");
        Grid grid = new Grid(bits, 128, symmetric, clip ? ClipSearch.MSE : ClipSearch.NONE);
        return new Recipe(name, propagation, grid, rounding, true);
    }

    private static void deleteTree(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
