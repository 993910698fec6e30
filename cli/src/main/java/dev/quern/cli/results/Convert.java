package dev.quern.cli.results;

import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.Meter;
import dev.quern.engine.Cancellation;
import dev.quern.engine.convert.Conversion;
import dev.quern.engine.convert.Conversion.Converted;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "convert",
        description =
                "Write a result in another format, with the same codes, scales and zero points, and say what its parts take. Both results are verified; the first one stays as it is.")
public final class Convert implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Parameters(paramLabel = "DIR", description = "The folder of a result.")
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            required = true,
            completionCandidates = FormatNames.class,
            description = "The format of the new result: ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("NullAway.Init")
    private String format;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "Where the new result goes: a folder that is empty or does not exist.")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Override
    public Integer call() throws IOException {
        Console console = quern.console();
        OutputFormat to = OutputFormats.of(FormatNames.require(format));
        if (!Files.isDirectory(folder)) {
            throw new QuernException(ErrorCode.OUTPUT_DAMAGED, folder + ": no such folder (expected: a result)");
        }
        Converted converted;
        try (Placement placement = Placement.intoEmpty(out)) {
            Meter meter = new Meter(console, "read and written");
            converted = placement.make(place -> Conversion.convert(folder, to, place, meter, Cancellation.NEVER));
        } finally {
            if (console.terminal()) {
                console.erase();
            }
        }
        SizeReport sizes = new SizeReport(converted.to());
        if (console.json()) {
            console.print(JsonObject.EMPTY
                    .with("from", new SizeReport(converted.from()).json())
                    .with("to", sizes.json())
                    .with("outputDigest", converted.to().outputDigest()));
        } else {
            console.print(new SizeReport(converted.from()).line() + " -> " + sizes.line());
            sizes.table().print(console);
            console.print("result in " + out);
        }
        return Exit.COMPLETED.code();
    }
}
