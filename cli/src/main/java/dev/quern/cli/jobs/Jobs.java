package dev.quern.cli.jobs;

import dev.quern.cli.command.CommandGroup;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Holds the commands for jobs. */
@Command(
        name = "jobs",
        description = "List, show, watch, pause, resume, retry, cancel, approve, download and delete jobs.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        subcommands = {
            JobsList.class,
            JobsShow.class,
            JobsWatch.class,
            JobAction.Pause.class,
            JobAction.Resume.class,
            JobAction.Retry.class,
            JobAction.Cancel.class,
            JobsApprove.class,
            JobsDownload.class,
            JobsDelete.class
        })
public final class Jobs extends CommandGroup {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    Console console() {
        return quern.console();
    }
}
