package dev.quern.bench;

import dev.quern.engine.plan.Budget;
import dev.quern.engine.run.CompressionRequest;
import dev.quern.engine.run.CompressionRequest.Text;
import dev.quern.engine.run.CompressionRun;
import dev.quern.engine.run.Workplace;
import dev.quern.openblas.OpenBlasBackend;
import dev.quern.recipes.Gate;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/**
 * Compresses a checkpoint in this process, without the service, on the built-in text: what the service's overhead is
 * measured against. Prints the seconds, without the start of the process, and the output digest.
 *
 * <p>Arguments: a checkpoint, a new folder, recipe, threads, windows of calibration, tokens of a window, windows of
 * evaluation.
 */
public final class DirectRun {
    private DirectRun() {}

    public static void main(String[] args) throws IOException {
        int threads = Integer.parseInt(args[3]);
        int seqLen = Integer.parseInt(args[5]);
        CompressionRequest request = new CompressionRequest(
                Path.of(args[0]),
                Recipes.find(args[2]),
                new Text(null, Integer.parseInt(args[4]), seqLen),
                List.of(new Text(null, Integer.parseInt(args[6]), seqLen)),
                Gate.NONE);
        Path folder = Path.of(args[1]);
        Workplace place =
                new Workplace(folder, folder.resolve("output"), new Budget(Budget.machineBytes(), threads, null));
        PrintStream out = System.out;
        long start = System.nanoTime();
        try (OpenBlasBackend backend = new OpenBlasBackend(threads)) {
            Report report = new CompressionRun(backend, request, place).run();
            out.printf(
                    "%.2f %s%n",
                    (System.nanoTime() - start) / 1e9, report.model().outputDigest());
        }
    }
}
