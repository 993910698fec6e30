package dev.quern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "jobs",
        description = "List, show, watch, pause, resume, retry, cancel and download jobs.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            JobsList.class,
            JobsShow.class,
            JobsWatch.class,
            JobAction.Pause.class,
            JobAction.Resume.class,
            JobAction.Retry.class,
            JobAction.Cancel.class,
            JobsDownload.class
        })
final class Jobs {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Quern quern;

    Console console() {
        return quern.console();
    }
}
