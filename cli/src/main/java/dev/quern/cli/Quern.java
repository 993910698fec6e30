package dev.quern.cli;

import dev.quern.cli.command.RootCommand;
import dev.quern.cli.command.Version;
import dev.quern.cli.completion.Completion;
import dev.quern.cli.completion.Ids;
import dev.quern.cli.compress.Compress;
import dev.quern.cli.compress.Evaluate;
import dev.quern.cli.jobs.Jobs;
import dev.quern.cli.results.Convert;
import dev.quern.cli.stack.Df;
import dev.quern.cli.stack.Doctor;
import dev.quern.cli.stack.Gc;
import dev.quern.cli.stack.Keys;
import dev.quern.cli.stack.Up;
import dev.quern.cli.stack.Worker;
import java.io.PrintStream;
import picocli.CommandLine.Command;

/** The root command: lists all others. */
@Command(
        name = "quern",
        versionProvider = Version.Provider.class,
        description = "Compresses large language models and says what it cost in quality.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            Compress.class,
            Evaluate.class,
            Up.class,
            Worker.class,
            Jobs.class,
            Keys.class,
            ListRecipes.class,
            Inspect.class,
            Verify.class,
            Convert.class,
            Compare.class,
            Df.class,
            Gc.class,
            Doctor.class,
            Version.class,
            Completion.class,
            Ids.class,
            ShowHelp.class
        },
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:completed",
            "1:failed",
            "3:the result is quarantined: it failed its gate",
            "64:usage",
            "65:bad input",
            "69:server not reachable",
            "77:no valid key, or one that may not do this",
            "130:interrupted"
        })
final class Quern extends RootCommand {
    Quern(PrintStream out, PrintStream err, boolean terminal) {
        super(out, err, terminal);
    }
}
