package dev.quern.cli.command;

import dev.quern.cli.console.Console;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options of all commands, and where these write. */
@Heading(value = "Output", order = 9)
public abstract class RootCommand extends CommandGroup {
    /** For completion, as help says them. */
    static final class Formats extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        Formats() {
            super(List.of("text", "json"));
        }
    }

    enum Format {
        TEXT,
        JSON
    }

    @Option(
            names = "--output",
            paramLabel = "text|json",
            completionCandidates = Formats.class,
            scope = ScopeType.INHERIT,
            description = "Form of the result on standard output (default: text).")
    private Format format = Format.TEXT;

    @Option(names = "--quiet", scope = ScopeType.INHERIT, description = "No progress output.")
    private boolean quiet;

    @Option(
            names = "--no-color",
            scope = ScopeType.INHERIT,
            description = "No colours; so does the environment variable NO_COLOR.")
    private boolean plain;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli reads it by reflection
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the versions of Quern and of Java.")
    @SuppressWarnings("UnusedVariable") // picocli reads it by reflection
    private boolean version;

    private final PrintStream out;
    private final PrintStream err;
    private final boolean terminal;

    protected RootCommand(PrintStream out, PrintStream err, boolean terminal) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
    }

    public Console console() {
        String noColor = System.getenv("NO_COLOR");
        boolean color = terminal && !plain && (noColor == null || noColor.isEmpty());
        return new Console(out, err, format == Format.JSON, quiet, color, terminal);
    }
}
