package dev.quern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

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
final class Jobs extends CommandGroup {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Quern quern;

    Console console() {
        return quern.console();
    }
}
