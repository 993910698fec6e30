package dev.quern.cli;

import dev.quern.cli.command.Exit;
import dev.quern.cli.command.Problems;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.Meter;
import dev.quern.cli.console.Units;
import dev.quern.engine.Cancellation;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.engine.verify.ReportVerifier;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Report;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "verify",
        description =
                "Read a result back: digests of its manifest, shapes, codes, scales, ties; or the report of an evaluation.")
final class Verify implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Parameters(paramLabel = "DIR", arity = "1..*", description = "The folder of a result; may be repeated.")
    private List<Path> folders = List.of();

    @Override
    public Integer call() {
        Console console = quern.console();
        List<JsonValue> all = new ArrayList<>();
        Exit exit = Exit.COMPLETED;
        for (Path folder : folders) {
            try {
                requireFolder(folder);
                all.add(ReportVerifier.isEvaluation(folder) ? evaluation(console, folder) : result(console, folder));
            } catch (QuernException e) {
                // The other folders are read all the same.
                exit = Exit.of(e.code());
                all.add(Problems.of(e));
                erase(console);
                console.warn(folder + ": " + e.getMessage());
            }
        }
        if (console.json()) {
            console.print(all.size() == 1 ? all.getFirst() : new JsonArray(all));
        }
        return exit.code();
    }

    private static void requireFolder(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new QuernException(ErrorCode.OUTPUT_DAMAGED, "no such folder (expected: a result)");
        }
    }

    private JsonValue result(Console console, Path folder) {
        long started = System.nanoTime();
        Verification found = OutputVerifier.verify(folder, new Meter(console, "read"), Cancellation.NEVER);
        if (!console.json()) {
            print(console, folder, found, (System.nanoTime() - started) / 1e9);
        }
        return json(found);
    }

    /** It has no weights: those of the result that was evaluated are in a folder of their own. */
    private JsonValue evaluation(Console console, Path folder) {
        Report report = ReportVerifier.verify(folder);
        if (!console.json()) {
            console.print((folders.size() == 1 ? "" : folder + ": ") + console.green("OK")
                    + ": the report of an evaluation, without weights");
            console.print(
                    "digest of the result that was evaluated: " + report.model().outputDigest());
        }
        return JsonObject.EMPTY
                .with("evaluated", report.model().outputDigest())
                .with("report", report.head().job());
    }

    private static void erase(Console console) {
        if (console.terminal()) {
            console.erase();
        }
    }

    private static JsonObject json(Verification found) {
        return JsonObject.EMPTY
                .with("outputDigest", found.outputDigest())
                .with("format", found.format())
                .with("linears", found.linears())
                .with("weights", found.weights())
                .with("bitsPerWeight", dev.quern.recipes.json.JsonNumber.of(found.bitsPerWeight()))
                .with("bytes", found.bytes())
                .with("tied", found.tied());
    }

    private void print(Console console, Path folder, Verification found, double seconds) {
        erase(console);
        console.print((folders.size() == 1 ? "" : folder + ": ") + console.green("OK") + ": "
                + found.files().size() + " files verified, " + Units.bytes(found.bytes()) + ", in "
                + Units.duration(seconds));
        console.print(String.format(
                Locale.ROOT,
                "%s, %d linears, %.2f M weights at %.2f bits%s",
                found.format(),
                found.linears(),
                found.weights() / 1e6,
                found.bitsPerWeight(),
                found.tied() ? ", tied embeddings" : ""));
        console.print("digest " + found.outputDigest());
    }
}
