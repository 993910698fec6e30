package dev.quern.cli;

import java.io.PrintStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The root command with the options of all commands. */
@Command(
        name = "quern",
        description = "Compresses large language models and says what it cost in quality.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            Compress.class,
            Up.class,
            Worker.class,
            Jobs.class,
            Keys.class,
            ListRecipes.class,
            Inspect.class,
            Verify.class,
            Compare.class,
            Doctor.class,
            Version.class,
            Completion.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:completed",
            "1:failed",
            "3:the result is quarantined: it failed its gate",
            "64:usage",
            "65:bad input",
            "69:server not reachable",
            "130:interrupted"
        })
final class Quern {
    enum Format {
        TEXT,
        JSON
    }

    @Option(
            names = "--output",
            paramLabel = "text|json",
            scope = ScopeType.INHERIT,
            description = "Form of the result on standard output (default: text).")
    private Format format = Format.TEXT;

    @Option(names = "--quiet", scope = ScopeType.INHERIT, description = "Say nothing while working.")
    private boolean quiet;

    @Option(
            names = "--no-color",
            scope = ScopeType.INHERIT,
            description = "No colours; so does the environment variable NO_COLOR.")
    private boolean plain;

    @Option(names = "--help", usageHelp = true, scope = ScopeType.INHERIT, description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli reads it by reflection
    private boolean help;

    private final PrintStream out;
    private final PrintStream err;
    private final boolean terminal;

    Quern(PrintStream out, PrintStream err, boolean terminal) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
    }

    Console console() {
        String noColor = System.getenv("NO_COLOR");
        boolean color = terminal && !plain && (noColor == null || noColor.isEmpty());
        return new Console(out, err, format == Format.JSON, quiet, color, terminal);
    }
}
